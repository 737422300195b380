// Words and tokens of the enumerations, in one place: what JSON, labels and sentences call them.
#pragma once

#include <string>
#include <string_view>

#include "core/diagnosis/diagnosis.h"

namespace xic::render {

// Tokens: lower snake case, part of the schema, never changed within a schema number.
[[nodiscard]] std::string_view token(FaultKind kind);
[[nodiscard]] std::string_view token(FaultOrigin origin);
[[nodiscard]] std::string_view token(Access access);
[[nodiscard]] std::string_view token(AddressClass klass);
[[nodiscard]] std::string_view token(Attribution::State state);
[[nodiscard]] std::string_view token(InputMode mode);
[[nodiscard]] std::string_view token(HypervisorEvent::Kind kind);
[[nodiscard]] std::string_view token(RingRole role);
[[nodiscard]] std::string_view token(ProbeResult::Answer answer);
[[nodiscard]] std::string_view token(Arch arch);

// Words: for people.
[[nodiscard]] std::string_view words(AddressClass klass);
[[nodiscard]] std::string_view words(RingRole role);
[[nodiscard]] std::string_view words(VerdictState state);  ///< "LIKELY AFFECTED"
/// What stands before a verdict. By the exit code of `check`, so that it never says less than that
/// does: faults of another cause on a healthy hypervisor are a warning.
struct Sign {
  std::string_view symbol, ascii;
};
[[nodiscard]] Sign sign_of(int exit_code);
/// "version_number" -> "version number".
[[nodiscard]] std::string spaced(std::string_view token);

}  // namespace xic::render
