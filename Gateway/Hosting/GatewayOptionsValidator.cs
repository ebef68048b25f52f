using Microsoft.Extensions.Options;

namespace OrleansLM.Gateway.Hosting;

/// <summary>Holds <see cref="GatewayOptions"/> to the intervals of its attributes.</summary>
[OptionsValidator]
public sealed partial class GatewayOptionsValidator : IValidateOptions<GatewayOptions>;
