#include "report/why.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "report/layout.h"
#include "report/names.h"

namespace xic::render {
namespace {

bool of_a_fault(const Evidence& e) {
  return e.kind == "fault" || e.kind == "attribution" || e.kind == "dom0_error" ||
         e.kind == "foreign_fault";
}

// Speaks for the defect where the verdict denies it, or the reverse; whether the defect can bite
// here is another question. Beside an open verdict every side that is taken is named.
bool contradicts(const Evidence& e, const Verdict& verdict) {
  const bool accuses = e.supports == "affected" || e.supports == "likely_affected";
  const bool acquits = e.supports == "not_affected";
  switch (verdict.state) {
    case VerdictState::affected:
    case VerdictState::likely_affected:
    case VerdictState::dormant:
      return acquits;
    case VerdictState::not_affected:
      return accuses;
    case VerdictState::unknown:
      break;
  }
  return accuses || acquits || e.supports == "dormant";
}

// The same statement, and who made it.
struct Statement {
  const Evidence* evidence;
  std::size_t observations = 1;
  std::string_view sum;  // Of the faults, instead of the evidence's own value.
};

std::string_view sum_of_faults(const Diagnosis& diagnosis) {
  const auto any = [&](auto matches) {
    return std::any_of(diagnosis.faults.begin(), diagnosis.faults.end(), matches);
  };
  if (any([](const FaultFinding& f) { return f.accuses; })) {
    return "hit a page that another domain had granted to dom0: see below";
  }
  if (any([](const FaultFinding& f) { return f.signature; })) {
    return "looks like the regression, without proving it: see below";
  }
  return "does not look like the regression: see below";
}

std::vector<Statement> statements(const Diagnosis& diagnosis) {
  std::vector<Statement> out;
  for (const Evidence& e : diagnosis.evidence) {
    const bool fault = of_a_fault(e) && !diagnosis.faults.empty();
    const auto same = std::find_if(out.begin(), out.end(), [&](const Statement& s) {
      if (fault) return !s.sum.empty();
      return s.sum.empty() && s.evidence->kind == e.kind && s.evidence->value == e.value &&
             s.evidence->supports == e.supports;
    });
    if (same != out.end()) {
      ++same->observations;
    } else {
      out.push_back({&e, 1, fault ? sum_of_faults(diagnosis) : std::string_view()});
    }
  }
  return out;
}

WhyRow row_of(const Statement& s, const Verdict& verdict) {
  const Evidence& e = *s.evidence;
  if (!s.sum.empty()) return {"fault", std::string(s.sum), outside(e.source, 80)};
  WhyRow row{outside(spaced(e.kind), 18), outside(e.value, 300), outside(e.source, 80)};
  if (contradicts(e, verdict)) row.value += fmt::format(" (speaks for: {})", spaced(e.supports));
  if (s.observations > 1) row.source += fmt::format(" and {} more", s.observations - 1);
  return row;
}

}  // namespace

WhyRows why_rows(const Report& report, std::size_t most) {
  const Diagnosis& diagnosis = *report.diagnosis;
  const std::vector<Statement> all = statements(diagnosis);
  std::vector<int> weight(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Evidence& e = *all[i].evidence;
    const bool again = std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i),
                                   [&](const Statement& s) { return s.evidence->kind == e.kind; });
    weight[i] = e.rank <= 1 || contradicts(e, diagnosis.verdict) ? 0 : again ? 2 : 1;
  }
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return weight[a] < weight[b]; });
  order.resize(std::min(order.size(), most));
  std::sort(order.begin(), order.end());

  WhyRows out;
  out.hidden = diagnosis.evidence.size();
  for (const std::size_t i : order) {
    out.hidden -= all[i].observations;
    out.rows.push_back(row_of(all[i], diagnosis.verdict));
  }
  return out;
}

}  // namespace xic::render
