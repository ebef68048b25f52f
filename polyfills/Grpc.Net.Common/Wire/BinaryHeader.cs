using Grpc.Core;

namespace Grpc.Net.Wire;

/// <summary>Values of <c>-bin</c> headers: base64, sent without padding, read with or without it.</summary>
internal static class BinaryHeader
{
    public static string Encode(byte[] value) => Convert.ToBase64String(value).TrimEnd('=');

    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] value)
    {
        text = text.Trim();
        Span<char> padded = text.Length < 256 ? stackalloc char[260] : new char[text.Length + 4];
        text.CopyTo(padded);
        int length = text.Length;
        while (length % 4 != 0)
        {
            padded[length++] = '=';
        }

        value = new byte[length / 4 * 3];
        bool valid = Convert.TryFromBase64Chars(padded[..length], value, out int written);
        value = valid ? value[..written] : [];
        return valid;
    }

    /// <summary>Adds a received header to <paramref name="metadata"/>; false when a binary value is not base64.</summary>
    public static bool TryAdd(Metadata metadata, string name, string value)
    {
        if (!name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase))
        {
            metadata.Add(name, value);
            return true;
        }

        // Proxies may join repeated headers with commas, which base64 does not contain.
        foreach (string part in value.Split(','))
        {
            if (!TryDecode(part, out byte[] bytes))
            {
                return false;
            }

            metadata.Add(name, bytes);
        }

        return true;
    }

    public static string Text(Metadata.Entry entry) => entry.IsBinary ? Encode(entry.ValueBytes) : entry.Value;
}
