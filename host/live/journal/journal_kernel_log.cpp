#include "host/live/journal/journal_kernel_log.h"

#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "host/live/failure.h"
#include "host/live/kernel_record.h"

namespace xic {
namespace {

struct CloseJournal {
  void operator()(sd_journal* journal) const { sd_journal_close(journal); }
};

struct FreeText {
  void operator()(char* text) const { std::free(text); }
};

constexpr std::size_t kManyEntries = 256;

/// journald's own message of what it missed (systemd/sd-messages.h: SD_MESSAGE_JOURNAL_MISSED).
constexpr const char* kMissed = "MESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606";

constexpr std::size_t kMaxField = std::size_t{16} * 1024;

std::string hint_for(int sys_errno) {
  switch (sys_errno) {
    case EACCES:
    case EPERM:
      return "run as root or as a member of the group systemd-journal";
    case ENOENT:
      return "systemd-journald is not running here; where it is not used, read /dev/kmsg";
    default:
      return "";
  }
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop == text.data()) return std::nullopt;
  return value;
}

}  // namespace

struct JournalKernelLog::Impl {
  Expected<void> open() {
    if (journal != nullptr) return {};
    sd_journal* raw = nullptr;
    const int opened = directory.empty()
                           ? sd_journal_open(&raw, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM)
                           : sd_journal_open_directory(&raw, directory.c_str(), 0);
    if (opened < 0) return error(opened, "open the journal");
    std::unique_ptr<sd_journal, CloseJournal> fresh(raw);
    if (const int matched = match(fresh.get()); matched < 0) {
      return error(matched, "select the kernel's messages in the journal");
    }
    // Asking for the descriptor is what makes the library follow files that come and go.
    if (const int watched = sd_journal_get_fd(fresh.get()); watched < 0) {
      return error(watched, "follow the journal");
    }
    int placed = from == From::oldest ? sd_journal_seek_head(fresh.get())
                                      : sd_journal_seek_tail(fresh.get());
    // "Behind the last" is where nothing stands yet: step onto the last one.
    if (placed >= 0 && from == From::now) placed = sd_journal_previous(fresh.get());
    if (placed < 0) return error(placed, "find the place to begin in the journal");
    sd_journal_set_data_threshold(fresh.get(), kMaxField);
    journal = std::move(fresh);
    return {};
  }

  /// (kernel or journald's account of what it missed) and this boot. Without a boot id, all boots
  /// would be read as one.
  static int match(sd_journal* where) {
    sd_id128_t boot{};
    int result = sd_id128_get_boot(&boot);
    std::array<char, SD_ID128_STRING_MAX> id{};
    const std::string of_boot = std::string("_BOOT_ID=") + sd_id128_to_string(boot, id.data());
    const auto add = [&](const char* term) {
      if (result >= 0) result = sd_journal_add_match(where, term, 0);
    };
    add("_TRANSPORT=kernel");
    if (result >= 0) result = sd_journal_add_disjunction(where);
    add("_TRANSPORT=driver");
    add(kMissed);
    if (result >= 0) result = sd_journal_add_conjunction(where);
    add(of_boot.c_str());
    return result;
  }

  static tl::unexpected<Error> error(int negative_errno, const std::string& what) {
    return tl::unexpected(failure(-negative_errno, what, hint_for(-negative_errno)));
  }

  /// The value of `name` in the present entry; "" where it has none.
  [[nodiscard]] std::string_view field(const char* name) const {
    const void* data = nullptr;
    std::size_t length = 0;
    if (sd_journal_get_data(journal.get(), name, &data, &length) < 0) return {};
    std::string_view text(static_cast<const char*>(data), length);
    const std::size_t value = text.find('=');
    return value == std::string_view::npos ? std::string_view{} : text.substr(value + 1);
  }

  /// The line of the present entry; nothing where it is none of the kernel's.
  std::optional<std::string> line() {
    if (field("_TRANSPORT") == "driver") {
      std::string_view text = field("MESSAGE");
      constexpr std::string_view kBefore = "Missed ";
      if (text.starts_with(kBefore)) text.remove_prefix(kBefore.size());
      lost += number<std::uint64_t>(text).value_or(1);
      return std::nullopt;
    }
    if (const auto facility = field("SYSLOG_FACILITY"); !facility.empty() && facility != "0") {
      return std::nullopt;
    }
    // A view of one field is valid until the next is asked for.
    const auto stamp = number<std::uint64_t>(field("_SOURCE_MONOTONIC_TIMESTAMP"));
    if (!stamp) return std::nullopt;
    return dmesg_line(*stamp, field("MESSAGE"));
  }

  Expected<std::optional<std::string>> next() {
    if (auto ok = open(); !ok) return tl::unexpected(ok.error());
    bool processed = false;
    for (;;) {
      const int moved = sd_journal_next(journal.get());
      if (moved < 0) return error(moved, "read the journal");
      if (moved > 0) {
        ++walked;
        if (auto text = line()) return text;
        continue;
      }
      if (processed) {
        if (walked < kManyEntries) return std::optional<std::string>{};
        let_go();
      }
      // Takes note of what was written meanwhile, and lets the descriptor rest.
      const int changed = sd_journal_process(journal.get());
      if (changed < 0) return error(changed, "follow the journal");
      processed = true;
    }
  }

  /// Opens the journal anew at the same place: the library keeps what it has walked through mapped,
  /// which is the journal's whole size after its first reading.
  void let_go() {
    walked = 0;
    char* raw = nullptr;
    if (sd_journal_get_cursor(journal.get(), &raw) < 0) return;
    const std::unique_ptr<char, FreeText> place(raw);
    auto behind = std::exchange(journal, nullptr);
    if (!open() || sd_journal_seek_cursor(journal.get(), place.get()) < 0) {
      journal = std::move(behind);
      return;
    }
    // Onto the entry that was last; where that is gone, in front of the one that follows.
    if (sd_journal_next(journal.get()) > 0 &&
        sd_journal_test_cursor(journal.get(), place.get()) <= 0) {
      (void)sd_journal_seek_cursor(journal.get(), place.get());
    }
  }

  From from = From::oldest;
  std::string directory;
  std::size_t walked = 0;  ///< Entries since it was opened.
  std::unique_ptr<sd_journal, CloseJournal> journal;
  std::uint64_t lost = 0;
};

JournalKernelLog::JournalKernelLog(From from, std::string directory)
    : impl_(std::make_unique<Impl>()) {
  impl_->from = from;
  impl_->directory = std::move(directory);
}
JournalKernelLog::~JournalKernelLog() = default;

Expected<std::optional<std::string>> JournalKernelLog::next() {
  return impl_->next();
}
std::uint64_t JournalKernelLog::lost() const {
  return impl_->lost;
}
Expected<int> JournalKernelLog::fd() {
  if (auto ok = impl_->open(); !ok) return tl::unexpected(ok.error());
  return sd_journal_get_fd(impl_->journal.get());
}

}  // namespace xic
