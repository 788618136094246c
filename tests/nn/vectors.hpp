#pragma once

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "tests/nn/support.hpp"

/// A case of a file that one of tests/support/make_*_vectors.py wrote: "x -", "parameter kernel", "y -", ...
using VectorCase = std::map<std::string, xg::Array>;

/// Those of a file, by name.
inline std::map<std::string, VectorCase> read_cases(const char* path) {
  std::ifstream file(path);
  std::map<std::string, VectorCase> cases;
  std::string line, name;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string kind, what, word;
    words >> kind;
    if (kind == "case") {
      name = line.substr(5);
      continue;
    }
    words >> what;
    xg::Shape shape;
    while (words >> word && word != ":") shape.push_back(std::stoll(word));
    Numbers values;
    for (double value = 0; words >> value;) values.push_back(value);
    cases[name].emplace(kind + ' ' + what, xg::Array::from(values, shape));
  }
  return cases;
}
