// tests/fakes/fake_xenstored.py as a child process, where the real libxenstore finds it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/unit/host_scratch.h"

namespace xic::testing {

class FakeXenstored {
 public:
  FakeXenstored() : socket_(scratch_.path("socket")) {
    std::array<int, 2> to{};
    std::array<int, 2> from{};
    if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(to[0], STDIN_FILENO);
      ::dup2(from[1], STDOUT_FILENO);
      ::execlp("python3", "python3", "tests/fakes/fake_xenstored.py", socket_.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    commands_ = ::fdopen(to[1], "w");
    answers_ = ::fdopen(from[0], "r");
    EXPECT_EQ(answer(), "ready");
    ::setenv("XENSTORED_PATH", socket_.c_str(), 1);
  }
  ~FakeXenstored() {
    ::unsetenv("XENSTORED_PATH");
    std::fclose(commands_);
    std::fclose(answers_);
    int status = 0;
    ::waitpid(child_, &status, 0);
    EXPECT_EQ(status, 0);
  }
  FakeXenstored(const FakeXenstored&) = delete;
  FakeXenstored& operator=(const FakeXenstored&) = delete;

  /// A command of the script, a JSON list; its answer.
  std::string tell(const std::string& command) {
    std::fprintf(commands_, "%s\n", command.c_str());
    std::fflush(commands_);
    return answer();
  }
  void set(const std::string& path, const std::string& value) {
    tell(R"(["set", ")" + path + R"(", ")" + value + R"("])");
  }
  void set_hex(const std::string& path, const std::string& hex) {
    tell(R"(["set", ")" + path + R"(", {"hex": ")" + hex + R"("}])");
  }
  /// What `seen` answers says of `key`: a number.
  int seen(const std::string& key) {
    const std::string all = tell(R"(["seen"])");
    const std::size_t at = all.find('"' + key + "\": ");
    return at == std::string::npos ? -1 : std::atoi(all.c_str() + at + key.size() + 4);
  }
  [[nodiscard]] const std::string& socket() const { return socket_; }

 private:
  std::string answer() {
    std::array<char, 65536> line{};
    if (std::fgets(line.data(), line.size(), answers_) == nullptr) return "";
    std::string text(line.data());
    if (text.ends_with('\n')) text.pop_back();
    return text;
  }

  test::Scratch scratch_;
  std::string socket_;
  pid_t child_ = -1;
  std::FILE* commands_ = nullptr;
  std::FILE* answers_ = nullptr;
};

}  // namespace xic::testing
