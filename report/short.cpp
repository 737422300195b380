#include <algorithm>
#include <string>

#include "report/layout.h"
#include "report/report.h"

namespace xic {

std::string render_short(const Report& report) {
  const Diagnosis& diagnosis = *report.diagnosis;
  const Hypervisor& hypervisor = report.facts->hypervisor;
  std::string version = "-";
  if (hypervisor.version) {
    version = render::outside(hypervisor.version->value.text(), 40);
    // Three words, whatever the version holds: scripts split at blanks.
    std::replace(version.begin(), version.end(), ' ', '_');
  }
  std::string line(to_string(diagnosis.verdict.state));
  line += " " + diagnosis.verdict.id + " " + version + "\n";
  return line;
}

}  // namespace xic
