// Texts in memory -> observer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/observer.h"

namespace xic {

struct LabelledText {
  std::string name;
  std::string_view bytes;
  std::string recognised_as;
  std::uint64_t lost_before = 0;  ///< Bytes of the console that are missing in front of it.
  bool verbatim = false;          ///< No paste: nothing in it needs repair.
};

/// Feeds `text` as one input.
void feed_text(const LabelledText& text, Observer* observer);

/// Aligns and merges console texts of one host and feeds what remains of them, each Xen line once.
/// A text that another contains whole is still named as a source.
void feed_merged(const std::vector<LabelledText>& texts, Observer* observer);

}  // namespace xic
