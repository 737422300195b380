// Text in, diagnosis out: the whole core behind one call.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/diagnosis/diagnosis.h"
#include "core/observer.h"

namespace xic::testing {

struct Judged {
  Facts facts;
  Diagnosis diagnosis;
};

inline Judged judge(std::string_view text) {
  Observer observer;
  observer.begin_input({.name = "test.log", .recognised_as = "console text"});
  observer.feed(text);
  observer.end_input();
  Judged judged{observer.snapshot(), {}};
  judged.diagnosis = diagnose(judged.facts, built_in_knowledge());
  return judged;
}

/// The head of a boot log of a protected, direct-mapped arm64 dom0.
inline std::string arm_boot(std::string_view version, std::string_view changeset,
                            std::string_view more = "") {
  std::string text = "(XEN) Command line: console=dtuart dom0_mem=512M\n(XEN) Xen version ";
  text += version;
  text += " (builder@) (aarch64-linux-gnu-gcc (GCC) 9.3.0) debug=n  Mon Feb  8 10:49:32 UTC 2021\n";
  text += "(XEN) Latest ChangeSet: ";
  text += changeset;
  text +=
      "\n(XEN) smmu: /smmu@fd800000: SMMUv2 with:\n"
      "(XEN) I/O virtualisation enabled\n"
      "(XEN) Allocating 1:1 mappings totalling 512MB for dom0:\n"
      "(XEN) BANK[0] 0x00000040000000-0x00000060000000 (512MB)\n"
      "(XEN) Std. Loglevel: Errors and warnings\n";
  text += more;
  return text;
}

}  // namespace xic::testing
