#include "autograd/ops/einsum.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "autograd/ops/check.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"

namespace xg {
namespace {

/// Labels of axes: letters, and numbers below `first_letter` for those that "..." stands for, counted from the last.
using Labels = std::string;
constexpr char first_letter = 'A';

bool has(const Labels& labels, char label) { return labels.find(label) != Labels::npos; }

/// The labels of `a` for which `keep` holds.
template <class F>
Labels filtered(const Labels& a, F keep) {
  Labels result;
  std::copy_if(a.begin(), a.end(), std::back_inserter(result), keep);
  return result;
}

/// An operand and the label of each of its axes.
struct Term {
  Tensor tensor;
  Labels labels;

  std::int64_t extent(char label) const { return tensor.shape()[labels.find(label)]; }
};

class Parser {
 public:
  Parser(const std::string& spec, std::source_location where) : spec_(spec), where_(where) {
    for (const char c : spec)
      if (c != ' ') text_ += c;
  }

  std::vector<Term> terms(const std::vector<Tensor>& operands) {
    const std::size_t arrow = text_.find("->");
    std::vector<std::string> parts = split(text_.substr(0, arrow));
    if (parts.size() != operands.size())
      fail(concat("names ", parts.size(), " operands, and ", operands.size(), " were given"));
    std::vector<Term> result;
    for (std::size_t i = 0; i < operands.size(); ++i)
      result.push_back({operands[i], axes(parts[i], operands[i].shape(), i)});
    output_ = arrow == std::string::npos ? implied(result) : explicit_output(text_.substr(arrow + 2), result);
    return result;
  }

  const Labels& output() const { return output_; }

  [[noreturn]] void fail(const std::string& why) const {
    throw ValueError(concat("einsum: \"", spec_, "\" ", why), where_);
  }

 private:
  static std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts(1);
    for (const char c : text)
      if (c == ',')
        parts.emplace_back();
      else
        parts.back() += c;
    return parts;
  }

  /// The letters of a part, with as many labels of their own where it says "...".
  Labels axes(const std::string& part, const Shape& shape, std::size_t operand) {
    const std::size_t dots = part.find("...");
    const std::size_t letters = part.size() - (dots == std::string::npos ? 0 : 3);
    if (dots == std::string::npos ? letters != shape.rank() : letters > shape.rank())
      fail(concat("has ", letters, " labels for operand ", operand, " of shape ", shape));
    Labels result;
    for (std::size_t i = 0; i < part.size(); ++i)
      if (i == dots) {
        for (std::size_t axis = shape.rank() - letters; axis-- > 0;) result += static_cast<char>(axis + 1);
        most_dots_ = std::max(most_dots_, shape.rank() - letters);
        i += 2;
      } else {
        result += letter(part[i]);
      }
    return result;
  }

  char letter(char c) const {
    if (!std::isalpha(static_cast<unsigned char>(c))) fail(concat("has '", c, "' where a letter is expected"));
    return c;
  }

  Labels dots() const {
    Labels result;
    for (std::size_t axis = most_dots_; axis-- > 0;) result += static_cast<char>(axis + 1);
    return result;
  }

  Labels implied(const std::vector<Term>& terms) const {
    std::map<char, int> counts;
    for (const Term& term : terms)
      for (const char label : term.labels) ++counts[label];
    Labels result = dots();
    for (const auto& [label, count] : counts)
      if (label >= first_letter && count == 1) result += label;
    return result;
  }

  Labels explicit_output(const std::string& part, const std::vector<Term>& terms) const {
    Labels result;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part.compare(i, 3, "...") == 0) {
        result += dots();
        i += 2;
        continue;
      }
      const char label = letter(part[i]);
      if (has(result, label)) fail(concat("names '", label, "' twice in the result"));
      if (std::none_of(terms.begin(), terms.end(), [&](const Term& term) { return has(term.labels, label); }))
        fail(concat("has '", label, "' in the result and in no operand"));
      result += label;
    }
    return result;
  }

  const std::string& spec_;
  std::source_location where_;
  std::string text_;
  std::size_t most_dots_ = 0;
  Labels output_;
};

/// Every label's extent. Axes behind "..." may be 1 in some operands.
std::map<char, std::int64_t> extents(const std::vector<Term>& terms, std::source_location where) {
  std::map<char, std::int64_t> result;
  for (const Term& term : terms)
    for (std::size_t axis = 0; axis < term.labels.size(); ++axis) {
      const char label = term.labels[axis];
      const std::int64_t extent = term.tensor.shape()[axis];
      const auto [known, fresh] = result.emplace(label, extent);
      if (fresh || known->second == extent) continue;
      if (label < first_letter && (extent == 1 || known->second == 1))
        known->second = std::max(known->second, extent);
      else
        throw ShapeError(
            concat(
                "einsum: ", label < first_letter ? std::string("an axis behind ...") : std::string{'\'', label, '\''},
                " has extents ", known->second, " and ", extent, ", the latter in shape ", term.tensor.shape()),
            where);
    }
  return result;
}

/// The axes in the order of `labels`, which are the term's.
Tensor arranged(const Term& term, const Labels& labels) {
  std::vector<int> order;
  for (const char label : labels) order.push_back(static_cast<int>(term.labels.find(label)));
  return permute(term.tensor, order);
}

/// Takes the diagonal where a label occurs twice, and drops axes of extent 1 that others stretch.
Term simplified(Term term, const std::map<char, std::int64_t>& extent) {
  for (std::size_t axis = 0; axis < term.labels.size(); ++axis) {
    const std::size_t again = term.labels.find(term.labels[axis], axis + 1);
    if (again != Labels::npos) {
      std::vector<int> order;
      for (std::size_t i = 0; i < term.labels.size(); ++i)
        if (i != axis && i != again) order.push_back(static_cast<int>(i));
      order.push_back(static_cast<int>(axis));
      order.push_back(static_cast<int>(again));
      term.tensor = diagonal(permute(term.tensor, order));
      term.labels += term.labels[axis];
      term.labels.erase(again, 1);
      term.labels.erase(axis, 1);
      return simplified(std::move(term), extent);
    }
    if (term.tensor.shape()[axis] == 1 && extent.at(term.labels[axis]) != 1) {
      term.tensor = squeeze(term.tensor, static_cast<int>(axis));
      term.labels.erase(axis, 1);
      return simplified(std::move(term), extent);
    }
  }
  return term;
}

/// The term summed over the labels that nobody needs.
Term summed(const Term& term, const Labels& needed) {
  std::vector<int> axes;
  for (std::size_t axis = 0; axis < term.labels.size(); ++axis)
    if (!has(needed, term.labels[axis])) axes.push_back(static_cast<int>(axis));
  if (axes.empty()) return term;
  return {sum(term.tensor, {.axis = Axes(std::span<const int>(axes))}),
          filtered(term.labels, [&](char c) { return has(needed, c); })};
}

/// The product of two terms, summed over the labels that are not needed, as one batched product of matrices.
Term contracted(const Term& first, const Term& second, const Labels& needed) {
  const Term a = summed(first, needed + second.labels), b = summed(second, needed + first.labels);
  const auto shared = [&](char c) { return has(a.labels, c) && has(b.labels, c); };
  const Labels batch = filtered(a.labels, [&](char c) { return shared(c) && has(needed, c); });
  const Labels inner = filtered(a.labels, [&](char c) { return shared(c) && !has(needed, c); });
  const Labels left = filtered(a.labels, [&](char c) { return !shared(c); });
  const Labels right = filtered(b.labels, [&](char c) { return !shared(c); });
  const auto count = [](const Term& term, const Labels& labels) {
    std::int64_t product = 1;
    for (const char c : labels) product *= term.extent(c);
    return product;
  };
  const std::int64_t batches = count(a, batch), rows = count(a, left), depth = count(a, inner),
                     columns = count(b, right);
  const Tensor product = matmul(reshape(arranged(a, batch + left + inner), {batches, rows, depth}),
                                reshape(arranged(b, batch + inner + right), {batches, depth, columns}));
  Shape shape;
  for (const char c : batch + left) shape.push_back(a.extent(c));
  for (const char c : right) shape.push_back(b.extent(c));
  return {reshape(product, shape), batch + left + right};
}

/// How many multiplications the product of two terms takes.
double cost(const Term& a, const Term& b, const std::map<char, std::int64_t>& extent) {
  double product = 1;
  for (const char c : a.labels) product *= static_cast<double>(extent.at(c));
  for (const char c : b.labels)
    if (!has(a.labels, c)) product *= static_cast<double>(extent.at(c));
  return product;
}

}  // namespace

Tensor einsum(const std::string& spec, const std::vector<Tensor>& operands, std::source_location where) {
  const CallerScope scope(where);
  Parser parser(spec, where);
  for (const Tensor& operand : operands) {
    check_floating("einsum", Operand(operand, where));
    if (operand.dtype() != operands.front().dtype())
      throw DTypeError(
          concat("einsum: dtypes ", operands.front().dtype(), " and ", operand.dtype(), " differ: convert with astype"),
          where);
  }
  std::vector<Term> terms = parser.terms(operands);
  const std::map<char, std::int64_t> extent = extents(terms, where);
  for (Term& term : terms) term = simplified(std::move(term), extent);
  while (terms.size() > 1) {
    std::size_t i = 0, j = 1;
    for (std::size_t p = 0; p < terms.size(); ++p)
      for (std::size_t q = p + 1; q < terms.size(); ++q)
        if (cost(terms[p], terms[q], extent) < cost(terms[i], terms[j], extent)) std::tie(i, j) = std::pair{p, q};
    Labels needed = parser.output();
    for (std::size_t other = 0; other < terms.size(); ++other)
      if (other != i && other != j) needed += terms[other].labels;
    const Term product = contracted(terms[i], terms[j], needed);
    terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(j));
    terms[i] = product;
  }
  const Term last = summed(terms.front(), parser.output());
  return arranged(last, parser.output());
}

}  // namespace xg
