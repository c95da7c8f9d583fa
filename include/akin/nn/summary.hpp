// summary: what a network is made of, as a table.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "../autograd/grad_mode.hpp"
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

namespace detail {

/// Rows of equally many cells as lines of text; the last two columns hold numbers and are aligned at the right.
AKIN_LAZY std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      text += (i + 2 < row.size() ? row[i] + space : space + row[i]) + (i + 1 < row.size() ? "  " : "\n");
    }
  return text;
}

/// The table; with a column of output shapes if they are known.
AKIN_LAZY std::string summary_table(const Module& model, const OutputShapes* shapes) {
  const auto row = [&](const std::string& name, const std::string& kind, const std::string& output,
                       const std::string& parameters, const std::string& buffers) {
    std::vector<std::string> cells = {name, kind, parameters, buffers};
    if (shapes) cells.insert(cells.begin() + 2, output);
    return cells;
  };
  std::vector<std::vector<std::string>> rows = {row("name", "layer", "output", "parameters", "buffers")};
  for (const auto& [name, module] : model.named_modules()) {
    std::int64_t buffered = 0;
    for (const auto& buffer : module.named_buffers()) buffered += buffer.tensor.size();
    std::string output = "-";
    if (shapes)
      for (const auto& [layer, shape] : *shapes)
        if (layer == ModuleAccess::layer(module)) output = cat(shape);  // the last call counts
    rows.push_back(row(name.empty() ? "(all)" : name, module.describe(), output,
                       std::to_string(module.parameter_count()), std::to_string(buffered)));
  }
  return aligned(rows);
}

}  // namespace detail

/// One line per module: name, kind, numbers of trained and of other values (running statistics, ...), each with those
/// of its children. The whole network comes first.
AKIN_LAZY std::string summary(const Module& model) { return detail::summary_table(model, nullptr); }

/// The same with the shape of each module's output, from one forward pass in evaluation mode of a copy on zeros of that
/// shape. "-": its parent did not call it as a Module. Errors: the network does not take such an input.
AKIN_LAZY std::string summary(const Module& model, const Shape& input) {
  const Module copy = model.clone();
  copy.eval();
  const auto parameters = copy.parameters();
  const Tensor x(Array::zeros(input, parameters.empty() ? DType::f32 : parameters[0].dtype(), copy.device()));
  detail::OutputShapes shapes;
  const NoGrad no_gradients;
  const detail::ShapesGoTo collecting(shapes);
  copy(x);
  return detail::summary_table(copy, &shapes);
}

}  // namespace akin::inline AKIN_ABI::nn
