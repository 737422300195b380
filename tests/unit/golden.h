// Whole outputs, compared with the files in tests/golden.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace xic::testing {

inline std::string path_of(const std::string& name) {
  return "tests/golden/" + name;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Lines that differ, as a unified diff of one hunk would show them.
inline std::string diff(const std::string& expected, const std::string& actual) {
  const std::vector<std::string> a = lines_of(expected);
  const std::vector<std::string> b = lines_of(actual);
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail + head < a.size() && tail + head < b.size() &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  std::string out = "@@ line " + std::to_string(head + 1) + " @@\n";
  for (std::size_t i = head; i + tail < a.size(); ++i) out += "-" + a[i] + "\n";
  for (std::size_t i = head; i + tail < b.size(); ++i) out += "+" + b[i] + "\n";
  if (head == a.size() && head == b.size()) out += "(they differ in line ends only)\n";
  return out;
}

inline void expect_golden(const std::string& name, const std::string& actual) {
  if (std::getenv("XIC_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path_of(name), std::ios::binary) << actual;
    return;
  }
  std::ifstream file(path_of(name), std::ios::binary);
  ASSERT_TRUE(file) << name << " is missing; XIC_UPDATE_GOLDEN=1 writes it";
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(expected == actual) << name << " differs:\n" << diff(expected, actual);
}

}  // namespace xic::testing
