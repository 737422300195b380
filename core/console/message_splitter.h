// One physical line -> its messages. Private to core/console.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/console/line.h"

namespace xic {

/// Yields the messages of one physical line in order. Time is linear in the line's length, whatever
/// is in it.
class MessageSplitter {
 public:
  /// `physical_line` has no LF; CRs before the LF may still be there. It must outlive the splitter.
  explicit MessageSplitter(std::string_view physical_line);

  /// The next message that holds any text; false if there is none. Line::input, offset and repaired
  /// are left alone.
  [[nodiscard]] bool next(Line* line);
  /// Nothing follows the message that next() gave.
  [[nodiscard]] bool at_end() const { return at_ >= raw_.size(); }

 private:
  [[nodiscard]] std::size_t next_boundary(std::size_t from);

  std::string_view raw_;
  std::size_t at_ = 0;        ///< Where the next message begins, prefix included.
  std::size_t next_xen_ = 0;  ///< The first "(XEN)" at or behind at_, once looked for.
  bool looked_for_xen_ = false;
  bool after_xen_ = false;  ///< The message before was Xen's.
};

/// The line without marks of mail quoting at its front and CRs at its end. Each mark takes one
/// blank with it, so that indentation survives.
[[nodiscard]] std::string_view strip_quotes(std::string_view physical_line);

/// A message begins at the front of `line` (quotes are stripped): it has a prefix of Xen's, Linux's
/// or of a log daemon's, or the name of an IOMMU driver.
[[nodiscard]] bool begins_message(std::string_view line);

}  // namespace xic
