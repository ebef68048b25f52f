using System.Text.Json;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Text;

/// <summary>A value in a JSON file together with its path, so that whatever is wrong with it is said with its place.</summary>
internal readonly record struct JsonPlace(JsonElement Value, string Path, string File)
{
    public bool IsNull => Value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>A member; null-valued when it is absent.</summary>
    public JsonPlace this[string name]
    {
        get
        {
            Expect(JsonValueKind.Object, "an object");
            return new JsonPlace(Value.TryGetProperty(name, out var value) ? value : default, $"{Path}.{name}", File);
        }
    }

    public IEnumerable<JsonPlace> Items()
    {
        Expect(JsonValueKind.Array, "an array");
        return Enumerate(this);

        static IEnumerable<JsonPlace> Enumerate(JsonPlace place)
        {
            var index = 0;
            foreach (var item in place.Value.EnumerateArray())
            {
                yield return new JsonPlace(item, $"{place.Path}[{index++}]", place.File);
            }
        }
    }

    public string Text()
    {
        Expect(JsonValueKind.String, "a string");
        return Value.GetString()!;
    }

    public int Integer()
    {
        if (Value.ValueKind != JsonValueKind.Number || !Value.TryGetInt32(out var integer))
        {
            throw Refuse($"is {Shown()}; expected an integer");
        }

        return integer;
    }

    public bool Flag(bool whenAbsent) => Value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => whenAbsent,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Refuse($"is {Shown()}; expected true or false"),
    };

    /// <exception cref="CheckpointException">The value is not <paramref name="expected"/>.</exception>
    public void MustBe(string expected)
    {
        if (IsNull || Text() != expected)
        {
            throw Refuse($"is {Shown()}; expected \"{expected}\"");
        }
    }

    /// <exception cref="CheckpointException">The value is there and is not <paramref name="expected"/>.</exception>
    public void MustBe(bool expected)
    {
        if (Flag(expected) != expected)
        {
            throw Refuse($"is {Shown()}, which is not supported; expected {(expected ? "true" : "false")}");
        }
    }

    public CheckpointException Refuse(string what) => new($"{File}: {Path} {what}");

    public void Expect(JsonValueKind kind, string name)
    {
        if (Value.ValueKind != kind)
        {
            throw Refuse($"is {Shown()}; expected {name}");
        }
    }

    public string Shown()
    {
        var raw = Value.ValueKind == JsonValueKind.Undefined ? "absent" : Value.GetRawText();
        return raw.Length <= 60 ? raw : $"{raw[..60]}…";
    }
}
