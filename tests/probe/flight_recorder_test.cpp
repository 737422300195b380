// The recorder over a tracefs that behaves as the kernel's: what it makes, finds again, and
// removes.
#include "host/recorder/flight_recorder.h"

#include <gtest/gtest.h>

#include "core/grant/trace_definition.h"
#include "tests/fakes/fake_ports.h"

namespace xic {
namespace {

using testing::CallLog;
using testing::failure;

/// kprobe_events is a list; an instance has files of its own, and its events are gone with it.
class FakeTracefs final : public Tracefs {
 public:
  std::map<std::string, std::string> files{{"kprobe_events", ""}, {"kprobe_profile", ""}};
  std::set<std::string> instances;
  CallLog log;

  Expected<std::string> read(const std::string& path) override {
    if (auto ok = log.enter("read", path); !ok) return tl::unexpected(ok.error());
    const auto found = files.find(path);
    if (found == files.end()) return tl::unexpected(failure(ENOENT, Error::Code::not_found));
    return found->second;
  }
  Expected<void> write(const std::string& path, const std::string& text, bool append) override {
    if (auto ok = log.enter("write", path); !ok) return ok;
    if (path == "kprobe_events") return change_events(text);
    if (path.ends_with("/trace_clock")) {
      files[path] = "local global [" + text.substr(0, text.size() - 1) + "] boot\n";
      return {};
    }
    files[path] = append ? files[path] + text : text;
    return {};
  }
  Expected<void> make(const std::string& directory) override {
    if (auto ok = log.enter("make", directory); !ok) return ok;
    instances.insert(directory.substr(directory.find('/') + 1));
    files[directory + "/trace_clock"] = "[local] global mono_raw boot\n";
    files[directory + "/buffer_size_kb"] = "7\n";
    files[directory + "/tracing_on"] = "1\n";
    files[directory + "/trace"] = "# tracer: nop\n";
    return {};
  }
  Expected<void> remove(const std::string& directory) override {
    if (auto ok = log.enter("remove", directory); !ok) return ok;
    instances.erase(directory.substr(directory.find('/') + 1));
    std::erase_if(files, [&](const auto& file) { return file.first.starts_with(directory + '/'); });
    return {};
  }
  Expected<std::vector<std::string>> list(const std::string& directory) override {
    if (auto ok = log.enter("list", directory); !ok) return tl::unexpected(ok.error());
    std::vector<std::string> names;
    if (directory == "instances") names.assign(instances.begin(), instances.end());
    if (directory.ends_with("/per_cpu")) names = cpus;
    return names;
  }
  std::vector<std::string> cpus{"cpu0"};

 private:
  Expected<void> change_events(const std::string& line) {
    std::string& all = files["kprobe_events"];
    if (line.starts_with("-:")) {
      const std::string name = line.substr(2, line.size() - 3);
      if (!instances.empty()) return tl::unexpected(failure(EBUSY));
      const std::size_t at = all.find("p:" + name + ' ');
      if (at == std::string::npos) return tl::unexpected(failure(ENOENT));
      all.erase(at, all.find('\n', at) + 1 - at);
    } else {
      all += line;
    }
    return {};
  }
};

class Recorder : public ::testing::Test {
 protected:
  [[nodiscard]] std::size_t events() const {
    const std::string& all = tracefs_.files.at("kprobe_events");
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
  }
  static std::string in(const std::string& file) { return "instances/xen_iommu/" + file; }

  FakeTracefs tracefs_;
  FlightRecorder recorder_{&tracefs_};
};

TEST_F(Recorder, StartsAndStopsWithoutATrace) {
  ASSERT_TRUE(recorder_.start({512}));
  EXPECT_EQ(events(), trace_events(std::nullopt).size());
  EXPECT_EQ(tracefs_.files.at(in("buffer_size_kb")), "512\n");
  EXPECT_NE(tracefs_.files.at(in("trace_clock")).find("[mono_raw]"), std::string::npos);
  EXPECT_EQ(tracefs_.files.at(in("trace_marker")), std::string(kTraceStartMark) + '\n');
  EXPECT_EQ(tracefs_.files.at(in("events/xen_iommu/map/enable")), "1\n");
  ASSERT_TRUE(recorder_.stop());
  EXPECT_EQ(events(), 0U);
  EXPECT_TRUE(tracefs_.instances.empty());
  EXPECT_TRUE(recorder_.stop());  // nothing there is no error
}

TEST_F(Recorder, ARunningOneIsTakenOver) {
  ASSERT_TRUE(recorder_.start({512}));
  tracefs_.log.calls.clear();
  FlightRecorder another(&tracefs_);
  ASSERT_TRUE(another.start({512}));
  EXPECT_EQ(tracefs_.log.count("write") + tracefs_.log.count("remove"), 0U);
}

TEST_F(Recorder, AnotherSizeOrARestFromACrashIsMadeAnew) {
  ASSERT_TRUE(recorder_.start({512}));
  ASSERT_TRUE(recorder_.start({2048}));
  EXPECT_EQ(tracefs_.files.at(in("buffer_size_kb")), "2048\n");
  EXPECT_EQ(events(), trace_events(std::nullopt).size());
  // Killed between the events and the instance; and an event of another release of ours.
  ASSERT_TRUE(tracefs_.remove("instances/xen_iommu"));
  tracefs_.files["kprobe_events"] += "p:xen_iommu/old some_function\np:others/keep a_function\n";
  ASSERT_TRUE(recorder_.start({2048}));
  EXPECT_EQ(events(), trace_events(std::nullopt).size() + 1);
  ASSERT_TRUE(recorder_.stop());
  EXPECT_EQ(tracefs_.files.at("kprobe_events"), "p:others/keep a_function\n");
}

TEST_F(Recorder, AKernelWithoutTheFunctionLeavesNothingBehind) {
  tracefs_.log.fail("write", failure(ENOENT), 2);  // the second event
  const auto started = recorder_.start({512});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Error::Code::unavailable);
  EXPECT_NE(started.error().message.find("gnttab_unmap_refs"), std::string::npos);
  EXPECT_EQ(events(), 0U);
}

TEST_F(Recorder, RightsAndSizesAreSaid) {
  tracefs_.log.fail("list", failure(EACCES, Error::Code::denied));
  EXPECT_EQ(recorder_.start({512}).error().code, Error::Code::denied);
  FakeTracefs fine;
  FlightRecorder other(&fine);
  EXPECT_EQ(other.start({8}).error().code, Error::Code::malformed);
  EXPECT_EQ(other.start({1U << 20}).error().code, Error::Code::malformed);
}

TEST_F(Recorder, NotRecordingIsAState) {
  const auto state = recorder_.state();
  ASSERT_TRUE(state);
  EXPECT_FALSE(state->recording);
}

TEST_F(Recorder, ItsStateCountsWhatIsLost) {
  ASSERT_TRUE(recorder_.start({512}));
  tracefs_.cpus = {"cpu0", "cpu1"};
  tracefs_.files[in("per_cpu/cpu0/stats")] =
      "entries: 100\noverrun: 5\ncommit overrun: 0\nbytes: 1\noldest event ts:    29.500000\n"
      "now ts:    33.750000\ndropped events: 0\nread events: 0\n";
  tracefs_.files[in("per_cpu/cpu1/stats")] =
      "entries: 7\noverrun: 0\noldest event ts:    33.000000\nnow ts:    33.750000\n"
      "dropped events: 2\n";
  tracefs_.files["kprobe_profile"] =
      "  map             1000               3\n  xen_iommu/page   5    4\n  other  9  9\n";
  const auto state = recorder_.state();
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->recording);
  EXPECT_EQ(state->clock, "mono_raw");
  EXPECT_EQ(state->events, 107U);
  EXPECT_EQ(state->overwritten, 5U);
  EXPECT_EQ(state->missed, 9U);
  EXPECT_EQ(state->depth_ms, 4250U);  // of the CPU that has dropped records
}

/// Functions whose call is at their third word, or none that is understood.
struct FakeCode final : KernelCode {
  Expected<KernelFunction> read(const std::string& function, const std::string& callee) override {
    asked += function + ' ' + callee + '\n';
    if (code.empty()) return tl::unexpected(failure(EPERM, Error::Code::denied));
    return KernelFunction{0x1000, function == unknown ? std::vector<std::uint32_t>{} : code,
                          0x1000};
  }
  // ldr x1, [x20, #24]; lsr x1, x1, #12; bl 0x1000
  std::vector<std::uint32_t> code{0xf9400e81, 0xd34cfc21, 0x97fffffe};
  std::string asked;
  std::string unknown;  ///< The function whose code has another form.
};

TEST_F(Recorder, ReadsEachReferenceWhereTheKernelsCodeShowsIt) {
  FakeCode code;
  FlightRecorder recorder(&tracefs_, &code);
  ASSERT_TRUE(recorder.start({512}));
  EXPECT_EQ(code.asked,
            "set_foreign_p2m_mapping __set_phys_to_machine_multi\n"
            "clear_foreign_p2m_mapping __set_phys_to_machine_multi\n");
  EXPECT_NE(tracefs_.files.at("kprobe_events")
                .find("p:xen_iommu/op set_foreign_p2m_mapping+8 pfn=%x0:x64 mfn=%x1:x64 "
                      "flags=+8(%x20):x32 ref=+12(%x20):x32 dom=+16(%x20):u16\n"),
            std::string::npos);
  EXPECT_NE(tracefs_.files.at("kprobe_events")
                .find("p:xen_iommu/gone clear_foreign_p2m_mapping+8 pfn=%x0:x64 mfn=%x1:x64 "
                      "nr=%x2:u64\n"),
            std::string::npos);
  EXPECT_FALSE(tracefs_.files.contains(in("events/xen_iommu/map/enable")));
  EXPECT_FALSE(tracefs_.files.contains(in("events/xen_iommu/page/enable")));
  EXPECT_TRUE(recorder.every_reference());
}

TEST_F(Recorder, TakesTheFirstReferenceOfABatchWhereItIsNotShown) {
  FakeCode denied;
  denied.code.clear();
  FakeCode other_map, other_clear;
  other_map.unknown = "set_foreign_p2m_mapping";
  other_clear.unknown = "clear_foreign_p2m_mapping";
  for (FakeCode* code : {&denied, &other_map, &other_clear}) {
    FlightRecorder recorder(&tracefs_, code);
    ASSERT_TRUE(recorder.start({512}));
    EXPECT_TRUE(tracefs_.files.contains(in("events/xen_iommu/map/enable")));
    EXPECT_TRUE(tracefs_.files.contains(in("events/xen_iommu/page/enable")));
    EXPECT_FALSE(tracefs_.files.contains(in("events/xen_iommu/gone/enable")));
    EXPECT_FALSE(recorder.every_reference());
    ASSERT_TRUE(recorder.stop());
  }
}

TEST_F(Recorder, ItsOwnBreakpointHidesTheCodeAndDoesNotMatter) {
  FakeCode code;
  FlightRecorder recorder(&tracefs_, &code);
  ASSERT_TRUE(recorder.start({512}));
  code.code[2] = 0xd4200080;  // brk #4
  tracefs_.log.calls.clear();
  ASSERT_TRUE(recorder.start({512}));
  EXPECT_EQ(tracefs_.log.count("write") + tracefs_.log.count("remove"), 0U);
  EXPECT_TRUE(recorder.every_reference());
}

TEST_F(Recorder, OneThatKnowsLessIsMadeAnew) {
  ASSERT_TRUE(recorder_.start({512}));
  FakeCode code;
  FlightRecorder better(&tracefs_, &code);
  ASSERT_TRUE(better.start({512}));
  EXPECT_TRUE(better.every_reference());
  EXPECT_EQ(tracefs_.files.at("kprobe_events").find("xen_iommu/map"), std::string::npos);
}

}  // namespace
}  // namespace xic
