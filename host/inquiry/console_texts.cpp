#include "host/inquiry/console_texts.h"

#include <string>

namespace xic {
namespace {

/// Each is the result of a loss; a storm that laps every read would make thousands.
constexpr std::size_t kMostTexts = 32;

}  // namespace

std::string ConsoleTexts::name_of(std::size_t index) const {
  if (index == 0) return name_;
  const std::size_t dot = name_.rfind('.');
  return name_.substr(0, dot + 1) + std::to_string(index + 1) + name_.substr(dot);
}

void ConsoleTexts::add(const ConsoleChunk& chunk) {
  if (texts_.empty() || (chunk.lost != 0 && texts_.size() < kMostTexts)) {
    // What had been overwritten before the first read is no loss of this reader.
    const std::uint64_t lost = texts_.empty() ? 0 : chunk.lost;
    texts_.push_back({{name_of(texts_.size()), {}, TextKind::console, true}, lost});
  } else if (chunk.lost != 0) {
    texts_.back().lost_before += chunk.lost;
    texts_.back().document.bytes += '\n';
  }
  texts_.back().document.bytes += chunk.bytes;
}

void ConsoleTexts::put_into(HostRecord* record) const {
  if (texts_.empty()) return;
  const std::string stem = name_.substr(0, name_.rfind('.') + 1);
  std::erase_if(record->texts, [&](const Document& text) { return text.name.starts_with(stem); });
  std::erase_if(record->observations, [](const Observation& observation) {
    return std::holds_alternative<ConsoleGap>(observation);
  });
  for (const Text& text : texts_) {
    record->texts.push_back(text.document);
    if (text.lost_before != 0) {
      record->observations.push_back(ConsoleGap{text.document.name, text.lost_before});
    }
  }
}

}  // namespace xic
