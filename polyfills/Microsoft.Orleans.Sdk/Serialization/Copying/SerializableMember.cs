using System.Reflection;

namespace Orleans.Serialization;

/// <summary>A field that crosses, with the depth of its class in the hierarchy (0: the type itself) and its number in messages.</summary>
internal sealed record SerializableMember(FieldInfo Field, int Level, ulong WireId);
