// Archives for tests of the host module.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "tests/scratch.h"

namespace xic::test {

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
