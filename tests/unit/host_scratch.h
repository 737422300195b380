// Files and archives for tests of the host module.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace xic::test {

/// A folder that goes away with the test.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "xic-host-XXXXXX").string();
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

/// One member of a ustar archive. `declared` overrides the size in the header.
inline std::string tar_member(std::string_view name, std::string_view bytes, char type = '0',
                              long long declared = -1) {
  std::string header(512, '\0');
  header.replace(0, std::min<std::size_t>(name.size(), 100), name.substr(0, 100));
  const auto put = [&](std::size_t at, const char* text) {
    header.replace(at, std::string_view(text).size(), text);
  };
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  char size[16];
  std::snprintf(size, sizeof size, "%011llo",
                declared < 0 ? static_cast<long long>(bytes.size()) : declared);
  put(124, size);
  put(136, "00000000000");
  header[156] = type;
  if (type == '1' || type == '2') put(157, "target");
  put(257, "ustar");
  put(263, "00");
  put(148, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  char check[16];
  std::snprintf(check, sizeof check, "%06o", sum);
  header.replace(148, 6, check);
  header[154] = '\0';
  std::string member = header + std::string(bytes);
  member.append((512 - bytes.size() % 512) % 512, '\0');
  return member;
}

inline std::string tar_end() {
  return std::string(1024, '\0');
}

}  // namespace xic::test
