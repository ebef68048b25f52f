using Microsoft.Extensions.Options;

namespace OrleansLM.Silo.Hosting;

[OptionsValidator]
internal sealed partial class ServingOptionsValidator : IValidateOptions<ServingOptions>;
