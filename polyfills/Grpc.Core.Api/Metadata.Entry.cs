using System.Buffers;
using System.Text;

namespace Grpc.Core;

public sealed partial class Metadata
{
    private static readonly SearchValues<char> s_keyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>One header or trailer.</summary>
    public sealed class Entry
    {
        private readonly string? _value;
        private readonly byte[]? _valueBytes;

        /// <exception cref="ArgumentException">The key has illegal characters or does not end in <c>-bin</c>.</exception>
        public Entry(string key, byte[] valueBytes)
        {
            Key = Normalized(key);
            ArgumentNullException.ThrowIfNull(valueBytes);
            if (!IsBinary)
            {
                throw new ArgumentException($"Key \"{Key}\" must end in \"{BinaryHeaderSuffix}\" to carry bytes.", nameof(key));
            }

            _valueBytes = valueBytes.AsSpan().ToArray();
        }

        /// <exception cref="ArgumentException">The key has illegal characters or ends in <c>-bin</c>.</exception>
        public Entry(string key, string value)
        {
            Key = Normalized(key);
            ArgumentNullException.ThrowIfNull(value);
            if (IsBinary)
            {
                throw new ArgumentException($"Key \"{Key}\" ends in \"{BinaryHeaderSuffix}\" and must carry bytes.", nameof(key));
            }

            _value = value;
        }

        public string Key { get; }

        public bool IsBinary => Key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        public byte[] ValueBytes => _valueBytes is null ? Encoding.ASCII.GetBytes(_value!) : _valueBytes.AsSpan().ToArray();

        /// <exception cref="InvalidOperationException">The entry is binary.</exception>
        public string Value => _value ?? throw new InvalidOperationException("Cannot access string value of a binary metadata entry");

        public override string ToString() =>
            $"[Entry: key={Key}, {(IsBinary ? $"valueBytes={Convert.ToHexString(_valueBytes!)}" : $"value={_value}")}]";

        internal bool KeyEquals(string key) => string.Equals(Key, key, StringComparison.OrdinalIgnoreCase);

        private static string Normalized(string key)
        {
            ArgumentNullException.ThrowIfNull(key);
#pragma warning disable CA1308 // Header names of HTTP/2 are lower case.
            string normalized = key.ToLowerInvariant();
#pragma warning restore CA1308
            return normalized.Length > 0 && !normalized.AsSpan().ContainsAnyExcept(s_keyCharacters)
                ? normalized
                : throw new ArgumentException($"Metadata key \"{key}\" must be of letters, digits, '-', '_' and '.'.", nameof(key));
        }
    }
}
