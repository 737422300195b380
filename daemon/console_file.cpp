#include "daemon/console_file.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace xic::daemon {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kNameLength = 32;

}  // namespace

ConsoleFile::ConsoleFile(std::string path, StateFile kept, std::function<std::string()> make_name)
    : path_(std::move(path)),
      log_(path_, kReadBack),
      kept_(std::move(kept)),
      make_name_(std::move(make_name)) {
  log_.on_new_file = [this](const LogPlace& place) { unwritten_ = place; };
}

Expected<std::string> ConsoleFile::epoch() {
  if (auto found = find(); !found) return tl::unexpected(found.error());
  return epoch_;
}

Expected<void> ConsoleFile::find() {
  if (!epoch_.empty()) return {};
  const auto known = remembered();
  const auto same = known ? log_.is(known->place) : Expected<bool>(false);
  if (!same) return tl::unexpected(same.error());
  if (*same) {
    log_.count_from(known->place.base);
    epoch_ = known->epoch;
    return {};
  }
  const auto place = log_.place();
  if (!place) return tl::unexpected(place.error());
  epoch_ = make_name_();
  unwritten_ = *place;
  remember();
  return {};
}

std::optional<ConsoleFile::Known> ConsoleFile::remembered() const {
  const auto text = kept_.read();
  if (!text || !*text) return std::nullopt;
  const Json json = Json::parse(**text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto number = [&](const char* key) -> std::optional<std::uint64_t> {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
  };
  const auto name = json.find("epoch");
  if (name == json.end() || !name->is_string()) return std::nullopt;
  const auto device = number("device");
  const auto inode = number("inode");
  const auto head_bytes = number("head_bytes");
  const auto head_hash = number("head_hash");
  const auto base = number("base");
  if (!device || !inode || !head_bytes || !head_hash || !base) return std::nullopt;
  if (name->get_ref<const std::string&>().size() != kNameLength) return std::nullopt;
  return Known{*name, {*device, *inode, *head_bytes, *head_hash, *base}};
}

/// Before anything of the file is given. Where that is not possible now, every read tries again:
/// killed meanwhile, the next run takes the file for a new one and tells its end once more.
void ConsoleFile::remember() {
  if (!unwritten_) return;
  const Json json = {{"epoch", epoch_},
                     {"device", unwritten_->device},
                     {"inode", unwritten_->inode},
                     {"head_bytes", unwritten_->head_bytes},
                     {"head_hash", unwritten_->head_hash},
                     {"base", unwritten_->base}};
  if (kept_.write(json.dump() + '\n')) unwritten_.reset();
}

Expected<RingRead> ConsoleFile::read(RingIndex after, std::span<char> buffer) {
  if (auto found = find(); !found) return tl::unexpected(found.error());
  auto read = log_.read(after, buffer);
  remember();
  return read;
}

Expected<RingIndex> ConsoleFile::oldest() {
  if (auto found = find(); !found) return tl::unexpected(found.error());
  return log_.oldest();
}

}  // namespace xic::daemon
