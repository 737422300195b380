// Files of a test, out of the way of tests that run beside it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace xic::test {

/// A folder that goes away with the test.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "xic-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] std::string path(std::string_view name = "") const {
    return (path_ / name).string();
  }
  std::string write(std::string_view name, std::string_view bytes) const {
    const std::filesystem::path where = path_ / name;
    std::filesystem::create_directories(where.parent_path());
    std::ofstream(where, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return where.string();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace xic::test
