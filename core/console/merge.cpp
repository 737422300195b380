#include "core/console/merge.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <unordered_set>

#include "core/console/line_sequence.h"
#include "core/console/message_splitter.h"

namespace xic {
namespace {

/// Each text is compared with each other, so their number bounds the time per byte. The console
/// texts of one host are a handful.
constexpr std::size_t kMaxCompared = 32;
/// Two texts that share one line at their ends may do so by chance.
constexpr std::size_t kLeastOverlap = 2;
/// How many lines of other programs are told apart, and how many runs of such lines are saved from
/// copies that are dropped.
constexpr std::size_t kMaxKnownLines = std::size_t{1} << 20;
constexpr std::size_t kMaxSavedRuns = 4096;

/// A text in its chain: the run of lines [position, position + size) of what the chain holds.
struct Placed {
  std::size_t text = 0;
  LineSequence lines;
  std::size_t chain = 0;
  std::size_t position = 0;

  [[nodiscard]] std::size_t end() const { return position + lines.size(); }
};

/// Texts that continue or repeat each other.
struct Chain {
  std::vector<Placed*> texts;  ///< In order of position.
  std::optional<std::uint64_t> boot;
  std::optional<std::uint64_t> wall;
};

// ---- which text lies where
// -----------------------------------------------------------------------

/// Puts each text that is contained in another into that one's chain; the others begin their own.
/// Returns those others.
std::vector<Placed*> place_contained(std::vector<Placed>* all) {
  std::vector<Placed*> by_size;
  for (Placed& placed : *all) by_size.push_back(&placed);
  std::stable_sort(by_size.begin(), by_size.end(), [](const Placed* a, const Placed* b) {
    return a->lines.size() > b->lines.size();
  });
  std::vector<Placed*> roots;
  for (Placed* placed : by_size) {
    const bool contained = std::any_of(roots.begin(), roots.end(), [&](const Placed* root) {
      const auto alignment = root->lines.align(placed->lines);
      if (alignment.contained_at == LineSequence::kNowhere) return false;
      placed->chain = root->text;
      placed->position = alignment.contained_at;
      return true;
    });
    if (contained) continue;
    placed->chain = placed->text;
    roots.push_back(placed);
  }
  return roots;
}

/// Joins the chains of `roots` where the end of one is the beginning of another, longest overlap
/// first.
void join_overlapping(const std::vector<Placed*>& roots, std::vector<Placed>* all) {
  struct Link {
    Placed* first = nullptr;
    Placed* second = nullptr;
    std::size_t overlap = 0;
  };
  std::vector<Link> links;
  for (Placed* first : roots) {
    for (Placed* second : roots) {
      if (first == second) continue;
      const std::size_t overlap = first->lines.align(second->lines).overlap;
      const std::size_t more = first->lines.tail_equals(second->lines, overlap) ? 1 : 0;
      if (overlap != 0 && overlap + more >= kLeastOverlap)
        links.push_back({first, second, overlap});
    }
  }
  std::stable_sort(links.begin(), links.end(),
                   [](const Link& a, const Link& b) { return a.overlap > b.overlap; });
  std::unordered_set<const Placed*> has_next;
  std::unordered_set<const Placed*> has_previous;
  for (const Link& link : links) {
    if (link.first->chain == link.second->chain || has_next.contains(link.first) ||
        has_previous.contains(link.second)) {
      continue;
    }
    has_next.insert(link.first);
    has_previous.insert(link.second);
    // `second` begins its chain, as it had no predecessor.
    const std::size_t moved = link.second->chain;
    const std::size_t shift = link.first->end() - link.overlap;
    for (Placed& placed : *all) {
      if (placed.chain != moved) continue;
      placed.chain = link.first->chain;
      placed.position += shift;
    }
  }
}

/// Sorts those chains that have `stamp` among themselves; the others keep their places.
void sort_by(std::vector<Chain>* chains, std::optional<std::uint64_t> Chain::*stamp,
             std::optional<std::uint64_t> Chain::*unless) {
  std::vector<std::size_t> places;
  std::vector<Chain> stamped;
  for (std::size_t i = 0; i < chains->size(); ++i) {
    Chain& chain = (*chains)[i];
    if (!(chain.*stamp) || (unless != nullptr && chain.*unless)) continue;
    places.push_back(i);
    stamped.push_back(std::move(chain));
  }
  std::stable_sort(stamped.begin(), stamped.end(),
                   [&](const Chain& a, const Chain& b) { return *(a.*stamp) < *(b.*stamp); });
  for (std::size_t i = 0; i < places.size(); ++i) (*chains)[places[i]] = std::move(stamped[i]);
}

std::vector<Chain> make_chains(std::vector<Placed>* all) {
  std::vector<Chain> chains;
  std::vector<std::size_t> names;  // Placed::chain of each.
  for (Placed& placed : *all) {    // In the order given.
    const auto known = std::find(names.begin(), names.end(), placed.chain);
    const auto index = static_cast<std::size_t>(known - names.begin());
    if (known == names.end()) {
      names.push_back(placed.chain);
      chains.emplace_back();
    }
    chains[index].texts.push_back(&placed);
  }
  for (Chain& chain : chains) {
    std::stable_sort(chain.texts.begin(), chain.texts.end(),
                     [](const Placed* a, const Placed* b) { return a->position < b->position; });
    for (const Placed* placed : chain.texts) {
      if (!chain.boot) chain.boot = placed->lines.first_boot_stamp();
      if (!chain.wall) chain.wall = placed->lines.first_wall_stamp();
    }
  }
  sort_by(&chains, &Chain::boot, nullptr);
  sort_by(&chains, &Chain::wall, &Chain::boot);
  return chains;
}

// ---- which copy is read
// --------------------------------------------------------------------------

std::size_t count_foreign_lines(std::string_view text, std::size_t begin, std::size_t end) {
  TextLines lines(text, begin, end);
  TextLine line;
  std::size_t count = 0;
  while (lines.next(&line)) {
    if (!line.xen && hash_line(line.bytes) != 0) ++count;
  }
  return count;
}

/// What becomes of a run of bytes.
struct Piece {
  const Placed* placed = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool kept = false;  ///< Else it is a copy of Xen lines that are read elsewhere.
};

/// Cuts the texts of `chain` where any of them begins or ends; of the copies of each run, that one
/// is kept which has the most to tell besides Xen's lines.
void choose_pieces(const Chain& chain, std::vector<Piece>* pieces) {
  if (chain.texts.front()->lines.size() == 0) {  // Without lines of Xen's, it is alone.
    const Placed* only = chain.texts.front();
    pieces->push_back({only, 0, only->lines.text().size(), true});
    return;
  }
  std::vector<std::size_t> cuts;
  for (const Placed* placed : chain.texts) {
    cuts.push_back(placed->position);
    cuts.push_back(placed->end());
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());

  std::vector<std::vector<std::size_t>> offsets;  // Of each text, at the cuts that lie in it.
  std::vector<std::size_t> first_cut;
  for (const Placed* placed : chain.texts) {
    std::vector<std::size_t> own;
    const auto first = std::lower_bound(cuts.begin(), cuts.end(), placed->position);
    for (auto cut = first; cut != cuts.end() && *cut <= placed->end(); ++cut) {
      own.push_back(*cut - placed->position);
    }
    offsets.push_back(placed->lines.offsets(own));
    first_cut.push_back(static_cast<std::size_t>(first - cuts.begin()));
  }

  for (std::size_t cut = 0; cut + 1 < cuts.size(); ++cut) {
    std::vector<Piece> copies;
    std::size_t best = 0;
    std::size_t most = 0;
    for (std::size_t i = 0; i < chain.texts.size(); ++i) {
      const Placed* placed = chain.texts[i];
      if (cut < first_cut[i] || cut - first_cut[i] + 1 >= offsets[i].size()) continue;
      const std::size_t begin = offsets[i][cut - first_cut[i]];
      const std::size_t end = offsets[i][cut - first_cut[i] + 1];
      const std::size_t foreign = count_foreign_lines(placed->lines.text(), begin, end);
      if (copies.empty() || foreign > most) {
        best = copies.size();
        most = foreign;
      }
      copies.push_back({placed, begin, end, false});
    }
    copies[best].kept = true;
    // What stands before the first Xen line of a text: only at the chain's beginning is it not a
    // copy, or the rest of a cut line.
    for (Piece& copy : copies) {
      if (copy.placed->position != cuts[cut] || copy.begin == 0) continue;
      if (cut == 0 && copy.kept) {
        copy.begin = 0;
      } else {
        pieces->push_back({copy.placed, 0, copy.begin, false});
      }
    }
    std::stable_sort(copies.begin(), copies.end(),
                     [](const Piece& a, const Piece& b) { return a.kept && !b.kept; });
    pieces->insert(pieces->end(), copies.begin(), copies.end());
  }

  // An unterminated last line is new only where the chain ends; of several the longest.
  const Placed* longest = nullptr;
  const auto tail_size = [](const Placed* placed) {
    return placed->lines.text().size() - placed->lines.tail();
  };
  for (const Placed* placed : chain.texts) {
    if (placed->end() != cuts.back()) continue;
    if (longest == nullptr || tail_size(placed) > tail_size(longest)) longest = placed;
  }
  if (longest != nullptr && tail_size(longest) != 0) {
    pieces->push_back({longest, longest->lines.tail(), longest->lines.text().size(), true});
  }
}

// ---- what else the dropped copies tell
// -----------------------------------------------------------

/// The lines of other programs that are read already.
class KnownLines {
 public:
  void add_all(const Piece& piece) {
    TextLines lines(piece.placed->lines.text(), piece.begin, piece.end);
    TextLine line;
    while (known_.size() < kMaxKnownLines && lines.next(&line)) {
      if (!line.xen) known_.insert(hash_line(line.bytes));
    }
  }
  /// True if the line was not known; it is now.
  bool add(std::uint64_t hash) {
    if (known_.size() >= kMaxKnownLines) return !known_.contains(hash);
    return known_.insert(hash).second;
  }

 private:
  std::unordered_set<std::uint64_t> known_;
};

/// Saves the lines of other programs in the dropped `piece` that no other copy has.
void save_foreign_lines(const Piece& piece, KnownLines* known, std::size_t* runs,
                        std::vector<TextSlice>* slices) {
  TextLines lines(piece.placed->lines.text(), piece.begin, piece.end);
  TextLine line;
  std::optional<TextSlice> run;
  const auto close = [&] {
    if (!run) return;
    slices->push_back(*run);
    run.reset();
    ++*runs;
  };
  while (lines.next(&line)) {
    if (line.xen) continue;
    const std::uint64_t hash = hash_line(line.bytes);
    if (hash == 0) continue;
    // A text's first line may be the rest of one.
    const bool is_whole = line.begin != 0 || begins_message(strip_quotes(line.bytes));
    if (!is_whole || !known->add(hash)) {
      close();
      continue;
    }
    if (!run) run = TextSlice{piece.placed->text, line.begin, line.next, true};
    run->end = *runs >= kMaxSavedRuns ? piece.end : line.next;
    if (*runs >= kMaxSavedRuns) break;
  }
  close();
}

void append(std::vector<TextSlice>* slices, const TextSlice& slice) {
  if (slice.begin == slice.end) return;
  if (!slices->empty()) {
    TextSlice& last = slices->back();
    if (last.text == slice.text && last.end == slice.begin &&
        last.xen_lines_known == slice.xen_lines_known) {
      last.end = slice.end;
      return;
    }
  }
  slices->push_back(slice);
}

}  // namespace

std::vector<TextSlice> merge_console_texts(std::span<const std::string_view> texts) {
  std::vector<TextSlice> slices;
  std::vector<Placed> all;
  all.reserve(std::min(texts.size(), kMaxCompared));
  std::size_t compared = 0;  // Texts before this one were compared, or are a copy of one that was.
  for (; texts.size() > 1 && compared < texts.size() && all.size() < kMaxCompared; ++compared) {
    const std::string_view text = texts[compared];
    const bool is_copy = std::any_of(
        all.begin(), all.end(), [&](const Placed& other) { return other.lines.text() == text; });
    if (!is_copy) all.push_back({compared, LineSequence(text), 0, 0});
  }

  join_overlapping(place_contained(&all), &all);
  std::vector<Piece> pieces;
  for (const Chain& chain : make_chains(&all)) choose_pieces(chain, &pieces);

  KnownLines known;
  const bool any_dropped =
      std::any_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return !piece.kept; });
  for (const Piece& piece : pieces) {
    if (any_dropped && piece.kept) known.add_all(piece);
  }
  std::size_t saved_runs = 0;
  for (const Piece& piece : pieces) {
    if (piece.kept) {
      append(&slices, {piece.placed->text, piece.begin, piece.end, false});
    } else {
      save_foreign_lines(piece, &known, &saved_runs, &slices);
    }
  }
  for (std::size_t text = compared; text < texts.size(); ++text) {
    append(&slices, {text, 0, texts[text].size(), false});
  }
  return slices;
}

}  // namespace xic
