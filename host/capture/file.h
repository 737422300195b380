// Descriptors and bounded reads.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/types.h"

namespace xic {

/// Owns a file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int release();
  void reset();

 private:
  int fd_ = -1;
};

/// "cannot <what>: <strerror>", with the code that fits `error_number`.
[[nodiscard]] Error system_error(std::string_view what, int error_number);

/// Opens a file, a pipe or a device to be read from front to back; "-" is standard input. A
/// directory is an error.
[[nodiscard]] Expected<UniqueFd> open_for_reading(const std::string& path);

/// One read(2), repeated when a signal interrupts it. 0 at the end. `name` is for the message.
[[nodiscard]] Expected<std::size_t> read_some(int fd, std::span<char> buffer,
                                              const std::string& name);

/// Appends what follows to `*bytes` until the end or until `*bytes` holds `limit`; true at the end.
[[nodiscard]] Expected<bool> read_up_to(int fd, std::size_t limit, const std::string& name,
                                        std::string* bytes);

}  // namespace xic
