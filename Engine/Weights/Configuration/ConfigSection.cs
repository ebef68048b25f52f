using System.Globalization;
using System.Text.Json;

namespace OrleansLM.Engine.Weights.Configuration;

/// <summary>One object of a config file, read key by key; every error names the file, the key, what was found and what was expected. A null is as good as no key.</summary>
internal readonly struct ConfigSection(JsonElement element, string source, string path = "")
{
    public bool Has(string key) => Find(key) is not null;

    /// <summary>True for a null, too.</summary>
    public bool HasKey(string key) => element.TryGetProperty(key, out _);

    public int Int(string key, int min, int max) => OptionalInt(key, min, max) ?? throw Missing(key, Whole(min, max));

    public int? OptionalInt(string key, int min, int max) =>
        Find(key) is not { } value ? null
        : TryInt(value, out var number) && number >= min && number <= max ? number
        : throw Wrong(key, value, Whole(min, max));

    /// <summary>A number in [min, max].</summary>
    public double? OptionalNumber(string key, double min, double max) =>
        Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max ? number
        : throw Wrong(key, value, Real(min, max));

    public double Number(string key, double min, double max) => OptionalNumber(key, min, max) ?? throw Missing(key, Real(min, max));

    public bool Flag(string key, bool otherwise) =>
        Find(key) is not { } value ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Wrong(key, value, "true or false");

    public string? OptionalText(string key) =>
        Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? Text(value)
        : throw Wrong(key, value, "a string");

    public ConfigSection? OptionalSection(string key) =>
        Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new ConfigSection(value, source, $"{path}{key}.")
        : throw Wrong(key, value, "an object");

    /// <summary>Whole numbers in [min, max], given as one number or as an array; null when the key is missing.</summary>
    public int[]? OptionalInts(string key, int min, int max)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        var numbers = new int[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            numbers[i] = TryInt(items[i], out var number) && number >= min && number <= max
                ? number
                : throw Wrong(key, value, $"{Whole(min, max)}, or an array of such");
        }

        return numbers;
    }

    /// <summary>True when a string anywhere under <paramref name="key"/>, which may hold a string, an array or an object of them, contains <paramref name="text"/>.</summary>
    public bool Mentions(string key, string text) => Find(key) is { } value && value.GetRawText().Contains(text, StringComparison.Ordinal);

    /// <summary>Refuses the config when <paramref name="key"/> is there and none of <paramref name="allowed"/>.</summary>
    public void Require(string key, string reason, params ReadOnlySpan<string> allowed)
    {
        if (Find(key) is { } value && !allowed.Contains(value.ValueKind == JsonValueKind.String ? Text(value) : value.GetRawText()))
        {
            throw Wrong(key, value, $"{string.Join(" or ", allowed.ToArray())}: {reason}");
        }
    }

    /// <summary>The file and the key, for errors about several keys at once.</summary>
    public string Describe(string key) => $"{source}: {path}{key}";

    public CheckpointException Missing(string key, string expected) => new($"{source}: {path}{key} is missing; expected {expected}");

    /// <summary>An error about the value that <paramref name="key"/> has.</summary>
    public CheckpointException Wrong(string key, string expected) => Find(key) is { } value ? Wrong(key, value, expected) : Missing(key, expected);

    private static bool TryInt(JsonElement value, out int number)
    {
        number = 0;
        if (value.ValueKind != JsonValueKind.Number)
        {
            return false;
        }

        // 16.0 is a whole number too: some writers keep every number as a float.
        if (!value.TryGetInt32(out number) && value.TryGetDouble(out var real) && real == Math.Floor(real) && Math.Abs(real) <= int.MaxValue)
        {
            number = (int)real;
            return true;
        }

        return value.TryGetInt32(out _);
    }

    private static string Whole(int min, int max) => $"a whole number in [{min}, {max}]";

    private static string Real(double min, double max) => string.Create(CultureInfo.InvariantCulture, $"a number in [{min}, {max}]");

    private static string Shown(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "...");
    }

    private JsonElement? Find(string key) => element.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException failure)
        {
            throw new CheckpointException($"{source}: a string under '{path}' has an escape that is no character: {failure.Message}", failure);
        }
    }

    private CheckpointException Wrong(string key, JsonElement value, string expected) => new($"{source}: {path}{key} is {Shown(value)}; expected {expected}");
}
