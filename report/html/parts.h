// The parts of the page, in their order. Each writes one <section>, or nothing where it has
// nothing to show.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "report/html/markup.h"
#include "report/report.h"

namespace xic::html {

/// What every part is made from.
class View {
 public:
  /// Faults that get a card each; the rest get a line in a table.
  static constexpr std::size_t kMaxCards = 40;

  explicit View(const Report& report);
  [[nodiscard]] const Report& report() const { return report_; }
  [[nodiscard]] const Facts& facts() const { return *report_.facts; }
  [[nodiscard]] const Diagnosis& diagnosis() const { return *report_.diagnosis; }
  /// Indices of the faults, in the order in which they are shown.
  [[nodiscard]] const std::vector<std::size_t>& order() const { return order_; }
  /// Where fault `index` is told of in full: "#fault-3"; "" where it has no card.
  [[nodiscard]] std::string link(std::size_t index) const;
  /// The title of a cause, "" for an unknown one.
  [[nodiscard]] std::string cause_title(std::string_view id) const;

 private:
  const Report& report_;
  std::vector<std::size_t> order_;
};

void write_verdict(const View& view, Writer* page);
void write_why(const View& view, Writer* page);
void write_actions(const View& view, Writer* page);
void write_memory_map(const View& view, Writer* page);
void write_time_line(const View& view, Writer* page);
void write_faults(const View& view, Writer* page);
/// Linux's own faults, errors of dom0's drivers, what else Xen said.
void write_messages(const View& view, Writer* page);
void write_limits(const View& view, Writer* page);
/// What was read, and which hypervisor it tells of.
void write_inputs(const View& view, Writer* page);

/// `head` in a <thead>, for a <table> that is open.
void write_table_head(std::initializer_list<std::string_view> head, Writer* page);

/// The page's style sheet.
[[nodiscard]] std::string_view style_sheet();

}  // namespace xic::html
