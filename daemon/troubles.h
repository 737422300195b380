// What hinders the daemon now: each is said once when it begins and once when it ends.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/types.h"
#include "report/daemon_status.h"

namespace xic::daemon {

class Troubles {
 public:
  /// True where it is new.
  bool begin(const std::string& id, const Error& error, std::int64_t now_seconds) {
    return open_.try_emplace(id, DaemonStatus::Trouble{id, now_seconds, error.message}).second;
  }
  /// True where it was there.
  bool end(const std::string& id) { return open_.erase(id) != 0; }
  [[nodiscard]] bool has(const std::string& id) const { return open_.contains(id); }
  [[nodiscard]] std::vector<DaemonStatus::Trouble> list() const {
    std::vector<DaemonStatus::Trouble> all;
    for (const auto& [id, trouble] : open_) all.push_back(trouble);
    return all;
  }

 private:
  std::map<std::string, DaemonStatus::Trouble> open_;
};

}  // namespace xic::daemon
