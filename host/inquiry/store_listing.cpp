#include "host/inquiry/store_listing.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace xic {
namespace {

constexpr std::string_view kDomains = "/local/domain";
constexpr std::size_t kMaxKeys = 65536;
constexpr std::size_t kMaxDepth = 12;
constexpr std::size_t kMaxValue = 1024;
constexpr std::size_t kMaxText = std::size_t{16} * 1024 * 1024;

/// What of a domain's directory tells of its devices; the last is for a record only.
constexpr std::array<std::string_view, 4> kWanted = {"name", "backend", "device", "console"};

/// Keys of devices that no rule looks at. Each costs a question, and there are many of them.
constexpr std::array<std::string_view, 26> kUnused = {"bootable",
                                                      "dev",
                                                      "device-type",
                                                      "direct-io-safe",
                                                      "discard-enable",
                                                      "handle",
                                                      "hotplug-status",
                                                      "info",
                                                      "max-ring-page-order",
                                                      "mode",
                                                      "mtu",
                                                      "multi-queue-max-queues",
                                                      "online",
                                                      "params",
                                                      "physical-device",
                                                      "physical-device-path",
                                                      "protocol",
                                                      "removable",
                                                      "script",
                                                      "sector-size",
                                                      "sectors",
                                                      "suspend",
                                                      "trusted",
                                                      "type",
                                                      "virtual-device",
                                                      "xdp-headroom"};

static_assert(std::is_sorted(kUnused.begin(), kUnused.end()));

bool is_unused(std::string_view name) {
  return name.starts_with("feature-") || name.starts_with("request-") ||
         name.starts_with("event-channel") ||
         std::binary_search(kUnused.begin(), kUnused.end(), name);
}

bool is_secret(std::string_view name) {
  return name.find("passw") != std::string_view::npos;
}

/// What a node's name is made of (docs/misc/xenstore.txt); anything else could forge a line.
bool is_name(std::string_view name) {
  constexpr std::string_view kBytes =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_@";
  return !name.empty() && name.find_first_not_of(kBytes) == std::string_view::npos;
}

bool is_domain(std::string_view name) {
  return !name.empty() && name.size() <= 5 &&
         name.find_first_not_of("0123456789") == std::string_view::npos;
}

/// As xenstore-ls does: what is no printable ASCII, the backslash and the quote, in octal escapes.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\' && c != '"') {
      text += c;
      continue;
    }
    text += '\\';
    for (int shift = 6; shift >= 0; shift -= 3)
      text += static_cast<char>('0' + ((byte >> shift) & 7));
  }
  return text;
}

class Lister {
 public:
  Lister(Store* store, const Deadline& deadline, StoreScope scope)
      : store_(store), deadline_(deadline), whole_(scope == StoreScope::whole) {}

  Expected<StoreListing> run() {
    auto domains = store_->list(std::string(kDomains));
    if (!domains) return tl::unexpected(std::move(domains.error()));
    if (!*domains) return StoreListing{"", "there is no /local/domain in it", false};
    for (const std::string& domain : **domains) {
      if (!is_domain(domain)) continue;
      for (const std::string_view part :
           std::span(kWanted).first(whole_ ? kWanted.size() : kWanted.size() - 1)) {
        visit(std::string(kDomains) + '/' + domain + '/' + std::string(part), 0);
      }
    }
    listing_.complete = listing_.cut.empty();
    return std::move(listing_);
  }

 private:
  void visit(const std::string& path, std::size_t depth) {
    if (stop_) return;
    if (deadline_.passed()) return stop("the time was over at " + path);
    if (keys_ >= kMaxKeys || listing_.text.size() >= kMaxText)
      return stop("too many keys at " + path);
    ++keys_;
    auto value = store_->read(path);
    if (!value) return note(value.error());
    if (!*value) return;
    listing_.text +=
        path + " = \"" + escaped(std::string_view(**value).substr(0, kMaxValue)) + "\"\n";
    // A node of a device has either a value or children: half of the questions are saved.
    if (depth >= kMaxDepth || !(*value)->empty()) return;
    auto names = store_->list(path);
    if (!names) return note(names.error());
    if (!*names) return;
    for (const std::string& name : **names) {
      const bool wanted = is_name(name) && !is_secret(name) && (whole_ || !is_unused(name));
      if (wanted) visit(std::string(path).append("/").append(name), depth + 1);
    }
  }

  /// One key that cannot be read leaves a hole; the rest is read.
  void note(const Error& error) {
    if (listing_.cut.empty()) listing_.cut = error.message;
  }
  void stop(std::string why) {
    stop_ = true;
    listing_.cut = std::move(why);
  }

  Store* store_;
  const Deadline& deadline_;
  bool whole_;
  StoreListing listing_;
  std::size_t keys_ = 0;
  bool stop_ = false;
};

}  // namespace

Expected<StoreListing> list_store(Store* store, const Deadline& deadline, StoreScope scope) {
  return Lister(store, deadline, scope).run();
}

}  // namespace xic
