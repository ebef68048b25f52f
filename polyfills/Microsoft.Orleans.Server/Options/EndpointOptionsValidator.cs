using System.Net;
using Microsoft.Extensions.Options;

namespace Orleans.Configuration;

internal sealed class EndpointOptionsValidator : IValidateOptions<EndpointOptions>
{
    public ValidateOptionsResult Validate(string? name, EndpointOptions options)
    {
        if (options.SiloPort is < 1 or > IPEndPoint.MaxPort)
            return ValidateOptionsResult.Fail($"{nameof(EndpointOptions)}.{nameof(options.SiloPort)} is {options.SiloPort}; it must be in [1, {IPEndPoint.MaxPort}].");
        if (options.GatewayPort is < 0 or > IPEndPoint.MaxPort)
            return ValidateOptionsResult.Fail($"{nameof(EndpointOptions)}.{nameof(options.GatewayPort)} is {options.GatewayPort}; it must be in [0, {IPEndPoint.MaxPort}].");

        return ValidateOptionsResult.Success;
    }
}
