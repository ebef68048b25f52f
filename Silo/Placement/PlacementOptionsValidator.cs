using Microsoft.Extensions.Options;

namespace OrleansLM.Silo.Placement;

[OptionsValidator]
internal sealed partial class PlacementOptionsValidator : IValidateOptions<PlacementOptions>;
