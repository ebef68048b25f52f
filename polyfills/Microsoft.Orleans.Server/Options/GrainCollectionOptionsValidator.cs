using Microsoft.Extensions.Options;

namespace Orleans.Configuration;

internal sealed class GrainCollectionOptionsValidator : IValidateOptions<GrainCollectionOptions>
{
    public ValidateOptionsResult Validate(string? name, GrainCollectionOptions options)
    {
        if (options.CollectionQuantum <= TimeSpan.Zero)
            return ValidateOptionsResult.Fail($"{nameof(options.CollectionQuantum)} is {options.CollectionQuantum}; it must be positive.");
        if (options.CollectionAge <= options.CollectionQuantum)
            return ValidateOptionsResult.Fail($"{nameof(options.CollectionAge)} is {options.CollectionAge}; it must be more than {nameof(options.CollectionQuantum)}, {options.CollectionQuantum}.");

        foreach ((string grainClass, TimeSpan age) in options.ClassSpecificCollectionAge)
        {
            if (age <= options.CollectionQuantum)
                return ValidateOptionsResult.Fail($"The collection age of {grainClass} is {age}; it must be more than {nameof(options.CollectionQuantum)}, {options.CollectionQuantum}.");
        }

        return ValidateOptionsResult.Success;
    }
}
