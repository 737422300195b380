// The daemon's files in memory: they fail, fill up and die when told.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/files.h"
#include "tests/fakes/fake_ports.h"

namespace xic::daemon::testing {

/// What a kill -9 does to whoever is writing.
struct Killed {};

/// A disk that outlives the program. Operations are counted; at the one told, the program dies:
/// before it, or with a part of its bytes written.
class Disk {
 public:
  std::map<std::string, std::string> files;
  std::size_t room = std::numeric_limits<std::size_t>::max();  ///< Bytes still free.
  xic::testing::CallLog log;

  /// The `nth` operation from now on (from 1) kills; 0: none. `written`: bytes of an append that
  /// reach the disk before.
  void die_at(unsigned nth, std::size_t written = 0) {
    deadline_ = nth;
    written_ = written;
  }
  [[nodiscard]] unsigned operations() const { return operations_; }

  void count() {
    ++operations_;
    if (deadline_ != 0 && --deadline_ == 0) throw Killed{};
  }
  /// Takes what has room. The last operation of a life may take a part.
  std::size_t append(const std::string& name, std::string_view bytes) {
    ++operations_;
    const bool dies = deadline_ != 0 && --deadline_ == 0;
    const std::size_t taken = std::min({bytes.size(), room, dies ? written_ : bytes.size()});
    files[name].append(bytes.substr(0, taken));
    room -= taken;
    if (dies) throw Killed{};
    return taken;
  }

 private:
  unsigned operations_ = 0;
  unsigned deadline_ = 0;
  std::size_t written_ = 0;
};

class FakeHistoryFiles final : public HistoryFiles {
 public:
  explicit FakeHistoryFiles(Disk* disk) : disk_(disk) {}
  Expected<std::optional<std::string>> read(const std::string& name, std::size_t limit) override {
    if (auto ok = disk_->log.enter("read", name); !ok) return tl::unexpected(ok.error());
    const auto found = disk_->files.find(name);
    if (found == disk_->files.end()) return std::optional<std::string>{};
    const std::string& all = found->second;
    return all.substr(all.size() - std::min(all.size(), limit));
  }
  Expected<std::size_t> append(const std::string& name, std::string_view bytes) override {
    if (auto ok = disk_->log.enter("append", name); !ok) return tl::unexpected(ok.error());
    const std::size_t taken = disk_->append(name, bytes);
    if (taken == 0) return tl::unexpected(xic::testing::failure(ENOSPC));
    return taken;
  }
  Expected<void> rename(const std::string& from, const std::string& to) override {
    if (auto ok = disk_->log.enter("rename", from); !ok) return ok;
    disk_->count();
    auto node = disk_->files.extract(from);
    disk_->files[to] = std::move(node.mapped());
    return {};
  }

 private:
  Disk* disk_;
};

class FakePublishedFiles final : public PublishedFiles {
 public:
  std::map<std::string, std::string> files;
  xic::testing::CallLog log;
  Expected<void> replace(const std::string& name, std::string_view text) override {
    if (auto ok = log.enter("replace", name); !ok) return ok;
    files[name] = text;
    return {};
  }
};

/// Small files on the same disk, each replaced as a whole.
class FakeStateFiles final : public PublishedFiles {
 public:
  explicit FakeStateFiles(Disk* disk) : disk_(disk) {}
  Expected<void> replace(const std::string& name, std::string_view text) override {
    if (auto ok = disk_->log.enter("replace", name); !ok) return ok;
    disk_->count();
    disk_->files[name] = text;
    return {};
  }

 private:
  Disk* disk_;
};

/// Remembers what it took; outlives the program, as the journal does.
class FakeJournal final : public EventSink {
 public:
  std::vector<Event> events;
  bool gone = false;
  Disk* dies_with = nullptr;  ///< Sending counts as an operation of this disk.
  Expected<void> publish(const Event& event) override {
    if (gone) return tl::unexpected(xic::testing::failure(ECONNREFUSED));
    if (dies_with != nullptr) dies_with->count();
    events.push_back(event);
    return {};
  }
  [[nodiscard]] std::vector<const Event*> of(EventKind kind) const {
    std::vector<const Event*> found;
    for (const Event& event : events) {
      if (event.kind == kind) found.push_back(&event);
    }
    return found;
  }
};

/// The value of a field, or "".
[[nodiscard]] inline std::string field(const Event& event, std::string_view name) {
  for (const EventField& one : event.fields) {
    if (one.name == name) return one.value;
  }
  return {};
}

}  // namespace xic::daemon::testing
