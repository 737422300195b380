// Console chunks -> the texts of a record: a new one behind every gap.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/capture/record.h"
#include "host/inquiry/console_reader.h"

namespace xic {

class ConsoleTexts {
 public:
  /// `name` of the first text; further ones have a number in it.
  explicit ConsoleTexts(std::string name = "xen-console.txt") : name_(std::move(name)) {}
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
  [[nodiscard]] std::string name_of(std::size_t index) const;

  std::string name_;
  std::vector<Text> texts_;
};

}  // namespace xic
