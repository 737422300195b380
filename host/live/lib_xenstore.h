// xenstore through libxenstore: reading and watching; writing cannot be expressed.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/ports.h"

struct xs_handle;

namespace xic {

/// Opens a connection at the first question. Where xenstored was restarted in between, the next
/// question makes one new connection and sets all watches again; xenstored then reports an event
/// for each of them.
///
/// The library has one reader thread from the first watch() on. It does not say that a connection
/// is gone: event_fd() stays silent, and next_event() is what finds it out. Ask it now and then.
///
/// A question may wait: for xenstored, which is single-threaded, and `patience` for a new
/// connection.
class LibXenStore final : public Store {
 public:
  static constexpr std::size_t kMaxValue = std::size_t{64} * 1024;
  static constexpr std::size_t kMaxNames = std::size_t{64} * 1024;  ///< Of one directory.

  explicit LibXenStore(std::chrono::milliseconds patience = std::chrono::seconds(2));
  ~LibXenStore() override;
  LibXenStore(const LibXenStore&) = delete;
  LibXenStore& operator=(const LibXenStore&) = delete;

  [[nodiscard]] Expected<std::optional<std::string>> read(const std::string& path) override;
  [[nodiscard]] Expected<std::optional<std::vector<std::string>>> list(
      const std::string& path) override;
  /// A watch that is already set is left as it is.
  [[nodiscard]] Expected<void> watch(const std::string& path, const std::string& token) override;
  [[nodiscard]] Expected<std::optional<StoreEvent>> next_event() override;
  /// The same descriptor from the first watch() on, whatever becomes of connections.
  [[nodiscard]] Expected<int> event_fd() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xic
