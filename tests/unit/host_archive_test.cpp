#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "host/capture/archive.h"
#include "tests/unit/host_scratch.h"

namespace xic {
namespace {

using test::Scratch;
using test::tar_end;
using test::tar_member;

Expected<Collection> collect(const std::string& bytes, const CaptureBounds& bounds = {}) {
  const Scratch scratch;
  const std::string path = scratch.write("archive", bytes);
  return collect_archive(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), "archive", bounds);
}

/// `bytes` compressed with one of libarchive's filters.
std::string compressed(const std::string& bytes, int filter) {
  archive* writer = archive_write_new();
  archive_write_set_format_raw(writer);
  archive_write_add_filter(writer, filter);
  archive_write_set_bytes_in_last_block(writer, 1);
  std::string out(bytes.size() + (1U << 20), '\0');
  std::size_t used = 0;
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK);
  archive_write_data(writer, bytes.data(), bytes.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

const std::string kTwoFiles =
    tar_member("case/", "", '5') + tar_member("case/b", "second") + tar_member("case/a", "first");

TEST(Archive, FilesByNameFromEveryCompression) {
  for (const int filter : {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ,
                           ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_ZSTD}) {
    const auto found = collect(compressed(kTwoFiles + tar_end(), filter));
    ASSERT_TRUE(found) << filter << ": " << found.error().message;
    ASSERT_EQ(found->documents.size(), 2U) << filter;
    EXPECT_EQ(found->documents[0].name, "case/a");
    EXPECT_EQ(found->documents[0].bytes, "first");
    EXPECT_EQ(found->documents[1].bytes, "second");
    EXPECT_TRUE(found->limits.empty());
  }
}

TEST(Archive, TruncatedAnywhereWithinItsDataIsAnError) {
  const std::string gz =
      compressed(tar_member("a", std::string(100000, 'x')) + tar_end(), ARCHIVE_FILTER_GZIP);
  for (const std::size_t keep : {gz.size() / 4, gz.size() / 2, gz.size() * 3 / 4}) {
    const auto found = collect(gz.substr(0, keep));
    ASSERT_FALSE(found) << keep;
    EXPECT_EQ(found.error().code, Error::Code::malformed);
  }
  EXPECT_FALSE(collect(kTwoFiles.substr(0, kTwoFiles.size() - 700)));
  EXPECT_FALSE(collect(tar_member("a", "xx", '0', 5000)));
}

TEST(Archive, NoArchiveAtAllIsAnError) {
  EXPECT_FALSE(collect(""));
  EXPECT_FALSE(collect("(XEN) just a log\n"));
  EXPECT_FALSE(collect(std::string(100000, '\xaa')));
  EXPECT_FALSE(collect(compressed("(XEN) a compressed log\n", ARCHIVE_FILTER_GZIP)));
}

TEST(Archive, AChangedHeaderIsAnError) {
  std::string bytes = kTwoFiles + tar_end();
  bytes[512 + 3] ^= 1;
  EXPECT_FALSE(collect(bytes));
}

TEST(Archive, LinksAndDevicesArePassedOver) {
  const auto found = collect(tar_member("hard", "", '1') + tar_member("soft", "", '2') +
                             tar_member("device", "", '3') + tar_member("pipe", "", '6') +
                             tar_member("file", "text") + tar_end());
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->documents.size(), 1U);
  EXPECT_EQ(found->documents[0].name, "file");
  EXPECT_EQ(found->limits.size(), 4U);
}

TEST(Archive, PathsThatLeaveTheArchiveAreOnlyNames) {
  const auto found =
      collect(tar_member("../../etc/x", "one") + tar_member("/etc/y", "two") + tar_end());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->documents.size(), 2U);
}

TEST(Archive, ATooLargeMemberIsSkippedAndTheNextIsRead) {
  CaptureBounds bounds;
  bounds.file_bytes = 10;
  const auto found = collect(
      tar_member("big", std::string(5000, 'x')) + tar_member("fits", "ok") + tar_end(), bounds);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->documents.size(), 1U);
  EXPECT_EQ(found->documents[0].bytes, "ok");
  ASSERT_EQ(found->limits.size(), 1U);
  EXPECT_EQ(found->limits[0].id, "capture_file_skipped");
}

TEST(Archive, UnpackingStopsBeforeABomb) {
  CaptureBounds bounds;
  bounds.file_bytes = 1000;
  bounds.unpacked_bytes = 1U << 20;
  const auto found = collect(
      compressed(tar_member("first", "ok") + tar_member("bomb", std::string(4U << 20, '\0')) +
                     tar_member("after", "never seen") + tar_end(),
                 ARCHIVE_FILTER_GZIP),
      bounds);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->documents.size(), 1U);
  EXPECT_EQ(found->documents[0].name, "first");
  ASSERT_EQ(found->limits.size(), 1U);
  EXPECT_EQ(found->limits[0].id, "capture_truncated");
}

TEST(Archive, AMemberThatClaimsAnAbsurdSizeIsNotUnpacked) {
  const auto found = collect(tar_member("a", "ok") + tar_member("b", "", '0', 077777777777LL));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->documents.size(), 1U);
  EXPECT_EQ(found->limits.size(), 1U);
}

TEST(Archive, NestedCompressionIsNotFollowed) {
  const std::string once = compressed(kTwoFiles + tar_end(), ARCHIVE_FILTER_GZIP);
  EXPECT_FALSE(collect(compressed(once, ARCHIVE_FILTER_GZIP)));
}

TEST(Archive, TooManyMembersAreCutOff) {
  std::string bytes;
  for (int i = 0; i < 10; ++i) bytes += tar_member("f" + std::to_string(i), "x");
  CaptureBounds bounds;
  bounds.entries = 4;
  const auto found = collect(bytes + tar_end(), bounds);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->documents.size(), 4U);
  ASSERT_EQ(found->limits.size(), 1U);
  EXPECT_EQ(found->limits[0].id, "capture_truncated");
}

TEST(Archive, ReadsFromAPipeThatGivesLittleAtATime) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string bytes = kTwoFiles + tar_end();
  ASSERT_EQ(::write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  ::close(ends[1]);
  const auto found = collect_archive(UniqueFd(ends[0]), "pipe");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->documents.size(), 2U);
}

TEST(Gunzip, RoundTripAndBound) {
  const std::string text(100000, 'x');
  const std::string gz = compressed(text, ARCHIVE_FILTER_GZIP);
  ASSERT_TRUE(is_gzip(gz));
  const auto whole = gunzip(gz, text.size(), "x");
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(*whole, text);
  const auto too_much = gunzip(gz, text.size() - 1, "x");
  ASSERT_FALSE(too_much);
  EXPECT_EQ(too_much.error().code, Error::Code::too_large);
  EXPECT_FALSE(gunzip(gz.substr(0, gz.size() / 2), text.size(), "x"));
  EXPECT_FALSE(is_gzip("\x1f"));
}

}  // namespace
}  // namespace xic
