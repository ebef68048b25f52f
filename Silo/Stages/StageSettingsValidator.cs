using Microsoft.Extensions.Options;

namespace OrleansLM.Silo.Stages;

[OptionsValidator]
internal sealed partial class StageSettingsValidator : IValidateOptions<StageSettings>;
