// Logs, captures and images through the real observer.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "host/sources.h"
#include "tests/unit/host_scratch.h"

namespace xic {
namespace {

using test::Scratch;
using test::tar_end;
using test::tar_member;

std::string fault(unsigned frame) {
  char line[160];
  std::snprintf(line, sizeof line,
                "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x%x148, "
                "fsynr=0xb0001, cb=0\n",
                frame);
  return line;
}

std::uint64_t count(const Facts& facts) {
  std::uint64_t sum = 0;
  for (const FaultGroup& group : facts.faults) sum += group.count;
  return sum;
}

bool has_limit(const Facts& facts, std::string_view id) {
  for (const Limit& limit : facts.limits) {
    if (limit.id == id) return true;
  }
  return false;
}

const InputSource* source(const Facts& facts, std::string_view name) {
  for (const InputSource& candidate : facts.sources) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

// ---- logs -------------------------------------------------------------------------------------

TEST(ReadLogs, OneLogIsStreamed) {
  const Scratch scratch;
  const std::string path = scratch.write("log", "(XEN) hello\n" + fault(0x8424cb));
  Observer observer;
  ASSERT_TRUE(read_logs({path}, &observer));
  const Facts facts = observer.snapshot();
  EXPECT_EQ(facts.mode, InputMode::log);
  EXPECT_EQ(count(facts), 1U);
  ASSERT_EQ(facts.sources.size(), 1U);
  EXPECT_EQ(facts.sources[0].name, path);
  EXPECT_EQ(facts.sources[0].recognised_as, "console text");
  EXPECT_TRUE(facts.limits.empty());
}

TEST(ReadLogs, AnEmptyLogIsASourceWithoutFacts) {
  const Scratch scratch;
  Observer observer;
  ASSERT_TRUE(read_logs({scratch.write("log", "")}, &observer));
  const Facts facts = observer.snapshot();
  ASSERT_EQ(facts.sources.size(), 1U);
  EXPECT_EQ(facts.sources[0].recognised_as, "empty");
  EXPECT_FALSE(facts.hypervisor.seen);
}

TEST(ReadLogs, WhatIsCalledALogIsReadAsOne) {
  const Scratch scratch;
  Observer observer;
  ASSERT_TRUE(read_logs(
      {scratch.write("log", "# A report\n\nThis is what the board of the lab printed.\n\n" +
                                fault(1) + "\nThis is the end of the report, and that was it.\n")},
      &observer));
  const Facts facts = observer.snapshot();
  EXPECT_EQ(count(facts), 1U);
  EXPECT_NE(facts.sources[0].recognised_as.find("console"), std::string::npos);
}

TEST(ReadLogs, AFaultAcrossTwoReadsIsOneFault) {
  const Scratch scratch;
  // The first read(2) returns what the pipe holds.
  const std::string path = scratch.path("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const std::string line = fault(0x8424cb);
  std::thread writer([&] {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    (void)!::write(fd, line.data(), 40);
    (void)!::write(fd, line.data() + 40, line.size() - 40);
    ::close(fd);
  });
  Observer observer;
  const auto done = read_logs({path}, &observer);
  writer.join();
  ASSERT_TRUE(done);
  EXPECT_EQ(count(observer.snapshot()), 1U);
}

TEST(ReadLogs, TheSameLogTwiceCountsOnce) {
  const Scratch scratch;
  const std::string text = "(XEN) [    1.000000] one\n(XEN) [    2.000000] two\n" + fault(1);
  const std::string a = scratch.write("a", text);
  const std::string b = scratch.write("b", text);
  Observer observer;
  ASSERT_TRUE(read_logs({a, b}, &observer));
  const Facts facts = observer.snapshot();
  EXPECT_EQ(count(facts), 1U);
  // Both are named, also the one that told nothing new.
  EXPECT_NE(source(facts, a), nullptr);
  EXPECT_NE(source(facts, b), nullptr);
}

TEST(ReadLogs, UnreadableLogsAreFoundBeforeAnythingIsRead) {
  const Scratch scratch;
  Observer observer;
  const auto done = read_logs({scratch.write("a", fault(1)), scratch.path("missing")}, &observer);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Error::Code::not_found);
  EXPECT_EQ(count(observer.snapshot()), 0U);
  EXPECT_FALSE(read_logs({scratch.path()}, &observer));
}

TEST(ReadLogs, LogsTooLargeToBeMergedAreReadOneAfterTheOther) {
  const Scratch scratch;
  const std::string small = scratch.write("small", fault(1));
  const std::string large = scratch.write("large", fault(2));
  std::filesystem::resize_file(large, kMaxMergeBytes + 1);  // Sparse.
  Observer observer;
  ASSERT_TRUE(read_logs({small, large}, &observer));
  const Facts facts = observer.snapshot();
  EXPECT_EQ(count(facts), 2U);
  EXPECT_TRUE(has_limit(facts, "logs_not_merged"));
}

// ---- captures -----------------------------------------------------------------------------------

const std::string kXlInfo =
    "host                   : (none)\nmachine                : aarch64\n"
    "xen_major              : 4\nxen_minor              : 14\nxen_extra              : .1\n"
    "xen_version            : 4.14.1\nvirt_caps              : hvm hvm_directio hap\n";

TEST(ReadCapture, FilesAreKnownByTheirContent) {
  const Scratch scratch;
  scratch.write("1", fault(0x97f75));
  scratch.write("2", kXlInfo);
  scratch.write("3", "/local/domain/1/name = \"rigdomu\"\n");
  scratch.write("4", "40000000-5fffffff : System RAM\n");
  Observer observer;
  ASSERT_TRUE(read_capture(scratch.path(), &observer));
  const Facts facts = observer.snapshot();
  EXPECT_EQ(facts.mode, InputMode::capture);
  EXPECT_EQ(count(facts), 1U);
  ASSERT_TRUE(facts.hypervisor.version);
  EXPECT_EQ(facts.hypervisor.version->value.text(), "4.14.1");
  EXPECT_EQ(source(facts, "1")->recognised_as, "console text");
  EXPECT_EQ(source(facts, "2")->recognised_as, "xl info");
  EXPECT_EQ(source(facts, "3")->recognised_as, "xenstore listing");
  EXPECT_EQ(source(facts, "4")->recognised_as, "iomem");
  EXPECT_TRUE(facts.limits.empty());
}

TEST(ReadCapture, AnArchiveTellsTheSame) {
  const Scratch scratch;
  const std::string path = scratch.write(
      "c.tar", tar_member("x/1", fault(0x97f75)) + tar_member("x/2", kXlInfo) + tar_end());
  Observer observer;
  ASSERT_TRUE(read_capture(path, &observer));
  const Facts facts = observer.snapshot();
  EXPECT_EQ(count(facts), 1U);
  EXPECT_EQ(facts.hypervisor.version->value.text(), "4.14.1");
  EXPECT_NE(source(facts, "x/1"), nullptr);
}

TEST(ReadCapture, OverlappingConsoleTextsCountOnce) {
  const Scratch scratch;
  const std::string ring = "(XEN) [    1.000000] one\n(XEN) [    2.000000] two\n" + fault(1);
  scratch.write("before", ring);
  scratch.write("after", ring + fault(2));
  Observer observer;
  ASSERT_TRUE(read_capture(scratch.path(), &observer));
  EXPECT_EQ(count(observer.snapshot()), 2U);
}

TEST(ReadCapture, AReadmeThatQuotesAFaultIsNoEvidence) {
  const Scratch scratch;
  scratch.write("info", kXlInfo);
  scratch.write("README.md", "# The case\n\nThe console of the board printed this:\n\n    " +
                                 fault(1) + "\nand then nothing more, to the end of the day.\n");
  Observer observer;
  ASSERT_TRUE(read_capture(scratch.path(), &observer));
  const Facts facts = observer.snapshot();
  EXPECT_EQ(count(facts), 0U);
  EXPECT_EQ(source(facts, "README.md")->recognised_as, "notes, not evidence");
  EXPECT_TRUE(has_limit(facts, "capture_file_skipped"));
}

TEST(ReadCapture, NotesWithoutQuotesAreNoLimit) {
  const Scratch scratch;
  scratch.write("info", kXlInfo);
  scratch.write("README.md", "# The case\n\nThis is the board of the lab.\n");
  Observer observer;
  ASSERT_TRUE(read_capture(scratch.path(), &observer));
  EXPECT_TRUE(observer.snapshot().limits.empty());
}

TEST(ReadCapture, BinaryFilesAreNamed) {
  const Scratch scratch;
  scratch.write("info", kXlInfo);
  scratch.write("xen", std::string("\x7f"
                                   "ELF") +
                           std::string(2000, '\0') + "(XEN) ");
  Observer observer;
  ASSERT_TRUE(read_capture(scratch.path(), &observer));
  EXPECT_TRUE(has_limit(observer.snapshot(), "capture_file_skipped"));
}

TEST(ReadCapture, ItsOwnRecordsCount) {
  const Scratch scratch;
  scratch.write("m", R"({"schema":"xen-iommu-check-capture/1","root":true})");
  scratch.write("o", R"({"kind":"sysctl_abi","number":"0x15"})");
  Observer observer;
  ASSERT_TRUE(read_capture(scratch.path(), &observer));
  const Facts facts = observer.snapshot();
  EXPECT_TRUE(facts.root);
  EXPECT_EQ(facts.hypervisor.sysctl_abi->value, 0x15U);
}

TEST(ReadCapture, NothingRecognisedIsAnError) {
  const Scratch scratch;
  Observer observer;
  for (const char* what : {"", "hello\n"}) {
    if (*what != '\0') scratch.write("file", what);
    const auto done = read_capture(scratch.path(), &observer);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Error::Code::malformed);
    EXPECT_FALSE(done.error().hint.empty());
  }
}

TEST(ReadCapture, MissingOrNoArchiveIsAnError) {
  const Scratch scratch;
  Observer observer;
  const auto missing = read_capture(scratch.path("missing"), &observer);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Error::Code::not_found);
  const auto text = read_capture(scratch.write("log", fault(1)), &observer);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Error::Code::malformed);
  EXPECT_NE(text.error().hint.find("--log"), std::string::npos);
}

TEST(ReadCapture, TogetherWithALogOfTheSameHost) {
  const Scratch scratch;
  const std::string ring = "(XEN) [    1.000000] one\n(XEN) [    2.000000] two\n" + fault(1);
  scratch.write("c/ring", ring);
  const std::string log = scratch.write("serial.log", ring + fault(2));
  Observer observer;
  ASSERT_TRUE(read_capture(scratch.path("c"), {log}, &observer));
  const Facts facts = observer.snapshot();
  EXPECT_EQ(facts.mode, InputMode::capture);
  EXPECT_EQ(count(facts), 2U);
  EXPECT_FALSE(read_capture(scratch.path("c"), {scratch.path("missing")}, &observer));
}

TEST(ReadCapture, TogetherWithALogTooLargeToBeMerged) {
  const Scratch scratch;
  scratch.write("c/ring", fault(1));
  const std::string log = scratch.write("serial.log", fault(2));
  std::filesystem::resize_file(log, kMaxMergeBytes + 1);
  Observer observer;
  ASSERT_TRUE(read_capture(scratch.path("c"), {log}, &observer));
  const Facts facts = observer.snapshot();
  EXPECT_EQ(count(facts), 2U);
  EXPECT_TRUE(has_limit(facts, "logs_not_merged"));
}

// ---- images -------------------------------------------------------------------------------------

TEST(ReadImage, VersionCommitAndArchitecture) {
  const Scratch scratch;
  std::string bytes(64, '\0');
  bytes.replace(56, 4, "ARM\x64");
  for (const char c : std::string("Xen 4.13.0 (c/s Tue Dec 17 14:19:49 2019 +0000 "
                                  "git:a2e84d8e42) EFI loader\r\n")) {
    bytes += c;
    bytes += '\0';
  }
  bytes += std::string(2, '\0');
  Observer observer;
  ASSERT_TRUE(read_image(scratch.write("xen", bytes), &observer));
  const Facts facts = observer.snapshot();
  EXPECT_EQ(facts.mode, InputMode::image);
  ASSERT_TRUE(facts.hypervisor.version);
  EXPECT_EQ(facts.hypervisor.version->value.text(), "4.13.0");
  ASSERT_EQ(facts.hypervisor.commits.size(), 1U);
  EXPECT_EQ(facts.hypervisor.commits[0].value.hash, "a2e84d8e42");
  ASSERT_TRUE(facts.hypervisor.arch);
  EXPECT_EQ(facts.hypervisor.arch->value, Arch::arm64);
}

TEST(ReadImage, WhatIsNoHypervisorIsAnError) {
  const Scratch scratch;
  Observer observer;
  for (const std::string& bytes :
       {std::string(), std::string("(XEN) a log\n"), std::string(5000, '\xff')}) {
    const auto done = read_image(scratch.write("file", bytes), &observer);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Error::Code::malformed);
  }
  EXPECT_FALSE(read_image(scratch.path("missing"), &observer));
  EXPECT_FALSE(read_image(scratch.path(), &observer));
}

}  // namespace
}  // namespace xic
