// A fixture: the scripted hypervisor of tests/fakes/xen, and files for LiveHost to read.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"
#include "gtest/gtest.h"
#include "host/live/live_host.h"
#include "tests/fakes/xen/hypervisor.h"
#include "tests/scratch.h"

namespace xic::testing {

class ScriptedXen : public ::testing::Test {
 protected:
  void TearDown() override {
    host_.reset();
    if (started_) {
      EXPECT_EQ(fake_xen::Hypervisor::instance().open(), 0U) << "handles or memory left";
    }
  }

  /// The ports of a host on the hypervisor that these lines describe, until the next one.
  Ports host(std::initializer_list<std::string> lines) {
    host_.reset();
    start(lines);
    host_ = std::make_unique<LiveHost>(path("root"));
    return host_->ports();
  }

  /// Starts the hypervisor that these lines describe, with an empty log of calls.
  void start(std::initializer_list<std::string> lines) {
    std::ofstream script(path("script"));
    for (const std::string& line : lines) script << line << '\n';
    script << "calls " << path("calls") << '\n';
    script.close();
    std::filesystem::remove(path("calls"));
    ::setenv("XIC_FAKE_XEN", path("script").c_str(), 1);
    fake_xen::Hypervisor::reload();
    started_ = true;
  }

  [[nodiscard]] std::string path(const std::string& name) const { return files_.path(name); }

  /// Writes a file below the directory, and the directories above it.
  std::string write(const std::string& name, std::string_view content) const {
    return files_.write(name, content);
  }

  /// What the libraries were called for, in order.
  [[nodiscard]] std::vector<std::string> calls() const {
    std::ifstream log(path("calls"));
    std::vector<std::string> lines;
    for (std::string line; std::getline(log, line);) lines.push_back(line);
    return lines;
  }
  /// How many of them contain `text`.
  [[nodiscard]] std::size_t count(std::string_view text) const {
    std::size_t found = 0;
    for (const std::string& line : calls()) found += line.find(text) != std::string::npos ? 1 : 0;
    return found;
  }

 private:
  test::Scratch files_;
  std::unique_ptr<LiveHost> host_;
  bool started_ = false;
};

/// An errno as a script names it, and what an Error must make of it.
struct Failing {
  const char* name;
  int sys_errno;
  Error::Code code;
};

inline void PrintTo(const Failing& failing, std::ostream* out) {
  *out << failing.name;
}

inline constexpr Failing kFailing[] = {
    {"EPERM", EPERM, Error::Code::denied},      {"EACCES", EACCES, Error::Code::denied},
    {"ENOENT", ENOENT, Error::Code::not_found}, {"ENODEV", ENODEV, Error::Code::not_found},
    {"EINVAL", EINVAL, Error::Code::io},        {"ENOSYS", ENOSYS, Error::Code::not_found},
    {"ENOMEM", ENOMEM, Error::Code::io},        {"EINTR", EINTR, Error::Code::io},
    {"EAGAIN", EAGAIN, Error::Code::io},        {"ESRCH", ESRCH, Error::Code::not_found},
    {"EFAULT", EFAULT, Error::Code::io},
};

/// That `result` is the error of `failing`, says what was done on what, and what to do now.
template <class T>
void expect_error(const Expected<T>& result, const Failing& failing, std::string_view operation) {
  ASSERT_FALSE(result) << failing.name;
  const Error& error = result.error();
  EXPECT_EQ(error.code, failing.code) << failing.name << ": " << error.message;
  EXPECT_EQ(error.sys_errno, failing.sys_errno) << error.message;
  EXPECT_NE(error.message.find(operation), std::string::npos) << error.message;
  EXPECT_FALSE(error.hint.empty()) << error.message;
}

}  // namespace xic::testing
