// Which commits are known, and as what.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "core/diagnosis/knowledge.h"

namespace xic {
namespace {

constexpr std::size_t kPackedBytes = 5;

/// Ten digits each, from the compiled tables.
std::vector<std::string> unpack(const PackedHashes& list) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::vector<std::string> hashes;
  for (std::size_t at = 0; at + kPackedBytes <= list.bytes.size(); at += kPackedBytes) {
    std::string hash;
    for (const std::uint8_t byte : list.bytes.subspan(at, kPackedBytes)) {
      hash += kDigits[byte >> 4];
      hash += kDigits[byte & 15];
    }
    hashes.push_back(hash);
  }
  return hashes;
}

std::string name(CommitStanding standing) {
  static constexpr std::array kNames = {"affected", "conditional", "unaffected", "ambiguous",
                                        "unlisted"};
  return kNames.at(static_cast<std::size_t>(standing));
}

void expect_found(const std::string& full, std::size_t digits, CommitStanding standing,
                  std::string_view tree) {
  const std::string hash = full.substr(0, digits);
  const CommitLookup found = built_in_knowledge().find_commit(hash);
  if (digits == 7 && (hash == "15aa6c6" || hash == "e301cd9")) {
    EXPECT_EQ(name(found.standing), "ambiguous") << hash;
    return;
  }
  EXPECT_EQ(name(found.standing), name(standing)) << hash;
  EXPECT_EQ(found.tree, tree) << hash;
}

TEST(BuiltInKnowledge, EveryListIsWholeSortedAndFoundAtEveryLength) {
  const Knowledge& knowledge = built_in_knowledge();
  ASSERT_EQ(knowledge.commits.size(), 6U);
  std::size_t total = 0;
  for (const PackedHashes& list : knowledge.commits) {
    ASSERT_EQ(list.bytes.size() % kPackedBytes, 0U);
    const std::vector<std::string> hashes = unpack(list);
    total += hashes.size();
    EXPECT_TRUE(std::ranges::is_sorted(hashes));
    const std::string tail(30, 'f');
    for (const std::string& hash : hashes)
      for (std::size_t digits = 7; digits <= 40; ++digits)
        expect_found(hash + tail, digits, list.standing, list.tree);
  }
  EXPECT_EQ(total, 5084U + 248U + 592U + 459U + 17789U + 1046U);
}

/// Lines of a list of hashes, whole or cut.
std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  return lines;
}

TEST(FactsOutsideTheRepository, EveryListedHashIsFoundAtEveryLength) {
  const char* const folder = std::getenv("XIC_FACTS_DIR");
  if (folder == nullptr) GTEST_SKIP() << "XIC_FACTS_DIR is not set";
  struct Source {
    const char* file;
    CommitStanding standing;
    const char* tree;
    std::size_t count;
  };
  const std::array sources = {
      Source{"affected-commits.txt", CommitStanding::affected, "upstream", 5084},
      Source{"affected-commits-xilinx.txt", CommitStanding::affected, "Xilinx/xen", 248},
      Source{"affected-commits-xen-troops.txt", CommitStanding::affected, "xen-troops/xen", 592},
      Source{"affected-commits-xen-troops-conditional.txt", CommitStanding::conditional,
             "xen-troops/xen", 459},
      Source{"unaffected-commits.txt", CommitStanding::unaffected, "upstream", 17789},
      Source{"unaffected-commits-xilinx.txt", CommitStanding::unaffected, "Xilinx/xen", 1046},
  };
  for (const Source& source : sources) {
    const std::vector<std::string> hashes = read_lines(std::filesystem::path(folder) / source.file);
    EXPECT_EQ(hashes.size(), source.count) << source.file;
    for (const std::string& hash : hashes)
      for (std::size_t digits = 7; digits <= hash.size(); ++digits)
        expect_found(hash, digits, source.standing, source.tree);
  }
}

/// The string value of `key` on a line of indented JSON, or nothing.
std::optional<std::string> json_value(const std::string& line, const std::string& key) {
  const std::size_t at = line.find('"' + key + "\": ");
  if (at == std::string::npos) return std::nullopt;
  std::string value = line.substr(at + key.size() + 4);
  while (!value.empty() && (value.back() == ',' || value.back() == '"')) value.pop_back();
  return value.starts_with('"') ? value.substr(1) : value;
}

TEST(FactsOutsideTheRepository, EveryReleaseGivesWhatItsRowSays) {
  const char* const folder = std::getenv("XIC_FACTS_DIR");
  if (folder == nullptr) GTEST_SKIP() << "XIC_FACTS_DIR is not set";
  std::size_t releases = 0;
  std::string tag;
  std::string commit;
  for (const std::string& line : read_lines(std::filesystem::path(folder) / "xen-releases.json")) {
    if (const auto value = json_value(line, "tag")) tag = *value;
    if (const auto value = json_value(line, "commit")) commit = *value;
    const auto affected = json_value(line, "regression");
    if (!affected || tag.empty()) continue;
    ++releases;
    const CommitLookup found = built_in_knowledge().find_commit(commit);
    EXPECT_EQ(name(found.standing), *affected == "true" ? "affected" : "unaffected") << tag;
    tag.clear();
  }
  EXPECT_EQ(releases, built_in_knowledge().releases.size());
}

TEST(BuiltInKnowledge, ReleasesAgreeWithTheListsAndTheirOwnNumber) {
  const auto releases = built_in_knowledge().releases;
  ASSERT_EQ(releases.size(), 75U);
  std::set<std::string> affected;
  for (const ReleaseRow& row : releases) {
    const CommitLookup found = built_in_knowledge().find_commit(row.commit);
    EXPECT_EQ(name(found.standing), row.affected ? "affected" : "unaffected") << row.version;
    EXPECT_EQ(found.tree, "upstream") << row.version;
    if (row.affected) affected.emplace(row.version);
    const std::size_t dot = row.version.rfind('.');
    const Version version{4, static_cast<unsigned>(std::stoul(std::string(row.version.substr(2)))),
                          std::string(row.version.substr(dot))};
    EXPECT_EQ(number_standing(version) == NumberStanding::in_interval, row.affected) << row.version;
  }
  EXPECT_EQ(affected, (std::set<std::string>{"4.12.0", "4.12.1", "4.12.2", "4.12.3", "4.12.4",
                                             "4.13.0", "4.13.1", "4.13.2", "4.14.0", "4.14.1"}));
}

TEST(BuiltInKnowledge, IntroductionAndFixes) {
  const Knowledge& k = built_in_knowledge();
  EXPECT_EQ(name(k.find_commit("91d4eca7add6a7a114bc05cc6d38223a0c0b5575").standing), "affected");
  for (const char* const fix : {"04085ec1ac05a362812e9b0c6b5a8713d7dc88ad", "b0b734a8b3e5",
                                "d7a1e06efd", "e8185c5f01", "9b6054a63e", "98e6482bd1"})
    EXPECT_EQ(name(k.find_commit(fix).standing), "unaffected") << fix;
  // The stable-4.12 branch ended without it.
  EXPECT_EQ(name(k.find_commit("efea4bdbd1").standing), "affected");
}

TEST(BuiltInKnowledge, VendorTreesThatContradictTheirNumber) {
  const Knowledge& k = built_in_knowledge();
  EXPECT_EQ(name(k.find_commit("fdd2453b08").standing), "unaffected");  // 2020.2.2-k26, "4.13.0"
  EXPECT_EQ(k.find_commit("fdd2453b08").tree, "Xilinx/xen");
  EXPECT_EQ(name(k.find_commit("4bd2da58b5").standing), "unaffected");  // 2021.1, "4.14.1-pre"
  EXPECT_EQ(name(k.find_commit("775913b289").standing), "affected");    // 2020.1, "4.13.0"
  EXPECT_EQ(name(k.find_commit("1d1d1f5391").standing), "affected");    // Debian 4.14.0+88
  EXPECT_EQ(name(k.find_commit("b0b734a8b3").standing), "unaffected");  // Debian 4.14.1+11
}

TEST(BuiltInKnowledge, VendorRowsAgreeWithTheLists) {
  const Knowledge& k = built_in_knowledge();
  EXPECT_GT(k.vendors.size(), 100U);
  for (const VendorRow& row : k.vendors) {
    if (row.commit.empty()) continue;
    const CommitLookup found = k.find_commit(row.commit);
    if (found.standing != CommitStanding::unlisted) {
      EXPECT_EQ(name(found.standing), row.affected ? "affected" : "unaffected") << row.name;
    } else {
      EXPECT_FALSE(row.affected) << row.name << ": older than the lists";
    }
    bool itself = false;
    for (const VendorRow* const other : k.vendor_rows(row.commit)) itself |= other == &row;
    EXPECT_TRUE(itself) << row.name;
  }
}

TEST(BuiltInKnowledge, VendorRowsByShortAndLongHash) {
  const Knowledge& k = built_in_knowledge();
  const auto debian = k.vendor_rows("b0b734a8b3e516ff1040884b755a8d47afed31ea");
  ASSERT_FALSE(debian.empty());
  EXPECT_EQ(debian[0]->vendor, "Debian");
  EXPECT_EQ(debian[0]->name, "4.14.1+11-gb0b734a8b3-1");
  EXPECT_EQ(k.vendor_rows("b0b734a").size(), debian.size());
  EXPECT_TRUE(k.vendor_rows("b0b734").empty());
  EXPECT_TRUE(k.vendor_rows("b0b734b").empty());
  EXPECT_TRUE(k.vendor_rows("").empty());
  EXPECT_TRUE(k.vendor_rows("B0B734A8B3").empty());
}

TEST(BuiltInKnowledge, SelfGrantWindow) {
  const Knowledge& k = built_in_knowledge();
  EXPECT_EQ(k.self_grant_unguarded.size(), 11U + 14U + 14U);
  EXPECT_TRUE(std::ranges::is_sorted(k.self_grant_unguarded));
  for (const char* const fix : {"04085ec1ac", "b0b734a8b3", "d7a1e06efd"})
    EXPECT_TRUE(std::ranges::binary_search(k.self_grant_unguarded, std::string_view(fix))) << fix;
  for (const char* const guard : {"e8185c5f01", "9b6054a63e", "98e6482bd1"})
    EXPECT_FALSE(std::ranges::binary_search(k.self_grant_unguarded, std::string_view(guard)));
}

TEST(BuiltInKnowledge, FixOfEachBranch) {
  const Knowledge& k = built_in_knowledge();
  const BranchFix* fix = k.fix_for({4, 14, ".1"});
  ASSERT_NE(fix, nullptr);
  EXPECT_EQ(fix->release, "4.14.2");
  EXPECT_EQ(fix->fix, "b0b734a8b3");
  EXPECT_EQ(fix->guard, "9b6054a63e");
  fix = k.fix_for({4, 13, "-unstable"});
  ASSERT_NE(fix, nullptr);
  EXPECT_EQ(fix->release, "4.13.3");
  EXPECT_EQ(fix->fix, "d7a1e06efd");
  EXPECT_EQ(fix->guard, "98e6482bd1");
  fix = k.fix_for({4, 12, ".4"});
  ASSERT_NE(fix, nullptr);
  EXPECT_EQ(fix->release, "");
  EXPECT_EQ(fix->fix, "");
  fix = k.fix_for({4, 15, "-unstable"});
  ASSERT_NE(fix, nullptr);
  EXPECT_EQ(fix->branch, "master");
  EXPECT_EQ(fix->release, "4.15.0");
  EXPECT_EQ(fix->fix, "04085ec1ac");
  EXPECT_EQ(fix->guard, "e8185c5f01");
  EXPECT_EQ(k.fix_for({4, 11, ".0"}), nullptr);
  EXPECT_EQ(k.fix_for({4, 16, ".0"}), nullptr);
  EXPECT_EQ(k.fix_for({5, 14, ".0"}), nullptr);
}

TEST(BuiltInKnowledge, Date) {
  EXPECT_EQ(built_in_knowledge().date, "2026-08-20");
}

TEST(BuiltInKnowledge, EntriesAreFoundByTheirId) {
  const Knowledge& k = built_in_knowledge();
  for (const Entry& entry : k.causes) EXPECT_EQ(k.cause(entry.id), &entry);
  for (const Entry& entry : k.limits) EXPECT_EQ(k.limit(entry.id), &entry);
  for (const Entry& entry : k.actions) EXPECT_EQ(k.action(entry.id), &entry);
  EXPECT_EQ(k.cause("XIC-0000"), nullptr);
  EXPECT_EQ(k.limit(""), nullptr);
  EXPECT_EQ(k.action("no such"), nullptr);
}

TEST(FindCommit, WhatIsNoHashIsUnlisted) {
  const Knowledge& k = built_in_knowledge();
  for (const std::string& text :
       {std::string(), std::string("91d4ec"), std::string("91D4ECA7ADD"),
        std::string("91d4eca7adg"), std::string("91d4eca7add-dirty"), std::string(" 91d4eca7add"),
        std::string(41, 'a'), std::string("91d4eca\0add", 11), std::string(1000000, '9')})
    EXPECT_EQ(name(k.find_commit(text).standing), "unlisted") << text.substr(0, 50);
}

TEST(FindCommit, DigitsPastTheTenthAreNotCompared) {
  const Knowledge& k = built_in_knowledge();
  EXPECT_EQ(name(k.find_commit("91d4eca7ad0000000000000000000000000000ff").standing), "affected");
  EXPECT_EQ(name(k.find_commit("91d4eca7ae").standing), "unlisted");
}

TEST(FindCommit, SevenDigitsSharedWithOlderCommits) {
  const Knowledge& k = built_in_knowledge();
  for (const char* const hash : {"15aa6c6", "e301cd9"}) {
    EXPECT_EQ(name(k.find_commit(hash).standing), "ambiguous") << hash;
    EXPECT_EQ(k.find_commit(hash).tree, "");
    // With an eighth digit it is an affected commit or none of the listed.
    int affected = 0;
    for (const char digit : std::string_view("0123456789abcdef")) {
      const CommitStanding standing = k.find_commit(std::string(hash) + digit).standing;
      EXPECT_TRUE(standing == CommitStanding::affected || standing == CommitStanding::unlisted);
      affected += standing == CommitStanding::affected ? 1 : 0;
    }
    EXPECT_EQ(affected, 1) << hash;
  }
}

/// Small tables, to meet what the real ones (disjoint at seven digits) never show.
struct Table {
  static constexpr std::array<std::uint8_t, 10> kUpstream = {0x11, 0x11, 0x11, 0x11, 0x11,
                                                             0xaa, 0xaa, 0xaa, 0xa1, 0x00};
  static constexpr std::array<std::uint8_t, 10> kVendor = {0x11, 0x11, 0x11, 0x12, 0x22,
                                                           0xaa, 0xaa, 0xaa, 0xa1, 0x00};
  static constexpr std::array<std::uint8_t, 10> kConditional = {0x11, 0x11, 0x11, 0x13, 0x33,
                                                                0xcc, 0xcc, 0xcc, 0xc1, 0x00};
  static constexpr std::array<std::uint8_t, 15> kUnaffected = {
      0xaa, 0xaa, 0xaa, 0xa2, 0x00, 0xcc, 0xcc, 0xcc, 0xc2, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff};
  std::array<PackedHashes, 4> lists = {
      PackedHashes{"Vendor/xen", CommitStanding::affected, kVendor},
      PackedHashes{"upstream", CommitStanding::affected, kUpstream},
      PackedHashes{"Other/xen", CommitStanding::conditional, kConditional},
      PackedHashes{"upstream", CommitStanding::unaffected, kUnaffected}};
  Knowledge knowledge;
  Table() { knowledge.commits = lists; }
};

TEST(FindCommit, AShortHashThatFitsSeveralStandings) {
  const Table table;
  const Knowledge& k = table.knowledge;
  EXPECT_EQ(name(k.find_commit("aaaaaaa").standing), "ambiguous");
  EXPECT_EQ(name(k.find_commit("aaaaaaa1").standing), "affected");
  EXPECT_EQ(name(k.find_commit("aaaaaaa2").standing), "unaffected");
  EXPECT_EQ(name(k.find_commit("ccccccc").standing), "ambiguous");
  EXPECT_EQ(name(k.find_commit("ccccccc1").standing), "conditional");
  // Affected and conditional: the weaker claim.
  EXPECT_EQ(name(k.find_commit("1111111").standing), "conditional");
  EXPECT_EQ(k.find_commit("1111111").tree, "Other/xen");
  EXPECT_EQ(name(k.find_commit("11111111").standing), "affected");
}

TEST(FindCommit, TheVendorsTreeIsNamedRatherThanUpstream) {
  Table table;
  EXPECT_EQ(table.knowledge.find_commit("aaaaaaa100").tree, "Vendor/xen");
  std::swap(table.lists[0], table.lists[1]);
  EXPECT_EQ(table.knowledge.find_commit("aaaaaaa100").tree, "Vendor/xen");
}

TEST(FindCommit, FirstAndLastOfATableAndBeyond) {
  const Table table;
  const Knowledge& k = table.knowledge;
  EXPECT_EQ(name(k.find_commit("1111111111").standing), "affected");
  EXPECT_EQ(name(k.find_commit("ffffffffff").standing), "unaffected");
  EXPECT_EQ(name(k.find_commit("fffffff").standing), "unaffected");
  EXPECT_EQ(name(k.find_commit("0000000000").standing), "unlisted");
  EXPECT_EQ(name(k.find_commit("fffffffffe").standing), "unlisted");
  EXPECT_EQ(name(Knowledge{}.find_commit("1111111").standing), "unlisted");
}

}  // namespace
}  // namespace xic
