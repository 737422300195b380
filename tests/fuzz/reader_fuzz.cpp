// Any bytes in any portions: the reader delivers the same lines as when it gets them at once, in
// order, each message within its line.
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/reader.h"

namespace {

using namespace xic;

constexpr std::string_view kLiterals[] = {"smmu: ", "SMMUv3: ", "DMAR", "[0x", "= \"", "cb="};

void require(bool condition) {
  if (!condition) std::abort();
}

bool within(std::string_view part, std::string_view whole) {
  const std::less_equal<const char*> before;
  return before(whole.data(), part.data()) &&
         before(part.data() + part.size(), whole.data() + whole.size());
}

class Sink : public LineSink {
 public:
  Consumed on_line(const Line& line, bool last_chance) override {
    require(!line.text.empty());
    // A message that waited for more is offered from a copy.
    require(line.repaired || last_chance || within(line.text, line.raw));
    require(line.offset >= offset_ || line.repaired || last_chance);
    offset_ = line.offset;
    record_.append(line.text).append(1, '\n').append(line.raw).append(1, '\n');
    record_ += std::to_string(line.offset) + (line.mid_line ? "m" : "") +
               (line.repaired ? "r" : "") + (last_chance ? "l" : "") +
               std::to_string(static_cast<int>(line.speaker)) +
               std::to_string(static_cast<int>(line.time.clock)) + "\n";
    if (line.text.starts_with("smmu: ") && line.text.find("cb=") == line.text.npos) {
      // A sink may say that it wants more even on its last chance.
      return last_chance && line.text.size() % 2 == 0 ? Consumed::no : Consumed::needs_more;
    }
    return line.text.size() % 3 == 0 ? Consumed::no : Consumed::yes;
  }
  [[nodiscard]] const std::string& record() const { return record_; }

 private:
  std::uint64_t offset_ = 0;
  std::string record_;
};

std::string read(std::string_view text, std::size_t portion, bool repair) {
  Sink sink;
  LineReader reader(kLiterals, &sink, {.repair_pastes = repair, .input = 0});
  for (std::size_t at = 0; at < text.size(); at += portion) {
    const std::string_view part = text.substr(at, portion);
    const std::vector<char> copy(part.begin(), part.end());
    reader.feed({copy.data(), copy.size()});
  }
  reader.finish();
  require(reader.counters().bytes == text.size());
  return sink.record();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(data[i]);
  const std::size_t portion = size == 0 ? 1 : 1 + data[0] % 64U;
  for (const bool repair : {false, true}) {
    const std::string whole = read(text, text.size() + 1, repair);
    require(read(text, portion, repair) == whole);
  }
  return 0;
}
