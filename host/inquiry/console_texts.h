// Console chunks -> the texts of a record: a new one behind every gap.
#pragma once

#include <utility>
#include <vector>

#include "host/capture/record.h"
#include "host/inquiry/console_reader.h"

namespace xic {

class ConsoleTexts {
 public:
  void add(const ConsoleChunk& chunk);
  [[nodiscard]] bool empty() const { return texts_.empty(); }
  /// Puts what was added since the last call at the end of the record; a text that goes on replaces
  /// its shorter self.
  void put_into(HostRecord* record) const;

 private:
  struct Text {
    Document document;
    std::uint64_t lost_before = 0;
  };
  std::vector<Text> texts_;
};

}  // namespace xic
