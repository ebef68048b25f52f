using System.Text.Unicode;
using Google.Protobuf.Reflection;

namespace OrleansLM.Gateway.Validation;

/// <summary>
/// Finds text that is not UTF-8 in a message as it came. A proto3 string has to be UTF-8, but the parser of .NET puts U+FFFD where it is not, and a prompt
/// that nobody wrote would be computed.
/// </summary>
internal static class Utf8Fields
{
    /// <summary>The path of the first such field, as in <c>input.chat.messages[1].content</c>; null when all text is UTF-8, or the message is none: the parser says so.</summary>
    public static string? FirstInvalid(MessageDescriptor message, ReadOnlySpan<byte> wire)
    {
        var reader = new WireReader(wire);
        Dictionary<int, int>? counts = null;
        while (reader.Next())
        {
            if (!reader.IsBytes || message.FindFieldByNumber(reader.Field) is not { FieldType: FieldType.String or FieldType.Message } field)
            {
                continue;
            }

            var index = field.IsRepeated ? NextIndex(ref counts, reader.Field) : 0;
            if (Look(field, reader.Bytes) is { } inside)
            {
                return Name(field, index) + inside;
            }
        }

        return null;
    }

    /// <summary>Null when the value is good; else where in it the fault is: empty for the value itself.</summary>
    private static string? Look(FieldDescriptor field, ReadOnlySpan<byte> value)
    {
        if (field.FieldType == FieldType.String)
        {
            return Utf8.IsValid(value) ? null : "";
        }

        var inside = FirstInvalid(field.MessageType, value);
        return inside is null ? null : field.IsMap ? "" : $".{inside}";
    }

    private static string Name(FieldDescriptor field, int index) => field.IsRepeated && !field.IsMap ? $"{field.Name}[{index}]" : field.Name;

    private static int NextIndex(ref Dictionary<int, int>? counts, int field)
    {
        counts ??= [];
        var index = counts.GetValueOrDefault(field);
        counts[field] = index + 1;
        return index;
    }
}
