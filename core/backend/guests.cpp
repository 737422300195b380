#include "core/backend/guests.h"

#include <set>

namespace xic {

std::vector<DomId> guests(const Backends& backends) {
  std::set<DomId> found;
  for (const auto& [domain, name] : backends.domain_names) found.insert(domain);
  for (const Backend& device : backends.devices) found.insert(device.frontend_domain);
  found.erase(kDom0);
  std::vector<DomId> domains(found.begin(), found.end());
  if (domains.size() > kMostGuests) domains.resize(kMostGuests);
  return domains;
}

}  // namespace xic
