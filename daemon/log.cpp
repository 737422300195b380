#include "daemon/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace xic::daemon {
namespace {

bool journal_reads_stderr() {
  return std::getenv("JOURNAL_STREAM") != nullptr;
}

/// "<4>": how journald takes a priority from a line (sd-daemon(3)).
class SyslogPriority final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const char digit = message.level >= spdlog::level::err    ? '3'
                       : message.level == spdlog::level::warn ? '4'
                                                              : '6';
    out.push_back('<');
    out.push_back(digit);
    out.push_back('>');
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<SyslogPriority>();
  }
};

spdlog::level::level_enum level_of(Priority priority) {
  switch (priority) {
    case Priority::error:
      return spdlog::level::err;
    case Priority::warning:
      return spdlog::level::warn;
    case Priority::notice:
    case Priority::info:
      return spdlog::level::info;
  }
  return spdlog::level::info;
}

class LoggingSink final : public EventSink {
 public:
  explicit LoggingSink(std::unique_ptr<EventSink> next) : next_(std::move(next)) {}
  Expected<void> publish(const Event& event) override {
    auto sent = next_->publish(event);
    // An event that is offered again was logged before.
    if (&event != last_) spdlog::log(level_of(event.priority), "{}", event.message);
    last_ = sent ? nullptr : &event;
    return sent;
  }

 private:
  std::unique_ptr<EventSink> next_;
  const Event* last_ = nullptr;  ///< Refused; for comparison only.
};

}  // namespace

void set_up_log() {
  auto logger = std::make_shared<spdlog::logger>(
      "xen-iommud", std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>());
  if (journal_reads_stderr()) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<SyslogPriority>('*').set_pattern("%*%v");
    logger->set_formatter(std::move(formatter));
  } else {
    logger->set_pattern("%Y-%m-%d %H:%M:%S %^%l%$ %v");
  }
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

std::unique_ptr<EventSink> logging_sink(std::unique_ptr<EventSink> next) {
  if (journal_reads_stderr()) return next;
  return std::make_unique<LoggingSink>(std::move(next));
}

}  // namespace xic::daemon
