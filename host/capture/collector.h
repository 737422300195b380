// Gathers the documents of a capture within its bounds, and names what is left out.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "host/capture/document.h"

namespace xic {

/// Shared by folders and archives: what both may take is decided here.
class Collector {
 public:
  explicit Collector(const CaptureBounds& bounds) : bounds_(bounds) {}

  /// Counts one entry of any kind; false once there are too many, which is recorded once.
  bool take_entry() {
    if (entries_ < bounds_.entries) {
      ++entries_;
      return true;
    }
    cut_off("entries", "only the first " + std::to_string(bounds_.entries) + " are read");
    return false;
  }

  /// How many bytes of the next file may be read.
  [[nodiscard]] std::size_t room() const {
    return std::min(bounds_.file_bytes, bounds_.total_bytes - total_);
  }

  /// Why a file did not fit into room().
  [[nodiscard]] std::string no_room() const {
    if (bounds_.total_bytes - total_ < bounds_.file_bytes) {
      return "the capture holds more than " + megabytes(bounds_.total_bytes);
    }
    return "larger than " + megabytes(bounds_.file_bytes);
  }

  void add(Document document) {
    total_ += document.bytes.size();
    found_.documents.push_back(std::move(document));
  }

  /// At most kMaxSkipped are named; the rest are summed up.
  void skip(std::string_view name, std::string_view why) {
    if (found_.limits.size() < kMaxSkipped) {
      found_.limits.push_back(skipped(name, why));
    } else {
      ++unnamed_;
    }
  }

  /// Nothing behind `name` is read. Recorded once.
  void cut_off(std::string_view name, std::string_view why) {
    if (!cut_off_) found_.limits.push_back(truncated(name, why));
    cut_off_ = true;
  }

  [[nodiscard]] Collection finish() {
    if (unnamed_ != 0) {
      found_.limits.push_back(skipped(std::to_string(unnamed_) + " more", "not named here"));
    }
    std::sort(found_.documents.begin(), found_.documents.end(),
              [](const Document& a, const Document& b) { return a.name < b.name; });
    return std::move(found_);
  }

 private:
  static constexpr std::size_t kMaxSkipped = 32;
  static std::string megabytes(std::size_t bytes) {
    return std::to_string(bytes / (std::size_t{1024} * 1024)) + " MiB";
  }

  CaptureBounds bounds_;
  Collection found_;
  std::size_t entries_ = 0;
  std::size_t total_ = 0;
  std::size_t unnamed_ = 0;
  bool cut_off_ = false;
};

}  // namespace xic
