namespace Orleans.Serialization;

/// <summary>The members of one class of a hierarchy: each with its number and kind before it, so that one may be unknown to the reader or to the writer.</summary>
internal sealed class MemberLevel(WireCodecs codecs, IReadOnlyList<SerializableMember> members)
{
    private readonly (ulong Id, MemberField Field)[] _members = [.. members.OrderBy(m => m.WireId).Select(m => (m.WireId, MemberField.Create(codecs, m.Field)))];

    public void Write(WireWriter writer, object owner)
    {
        foreach ((ulong id, MemberField field) in _members)
        {
            FieldKind kind = field.Kind;
            writer.WriteVarint(((id + 1) << 2) | (byte)kind);
            if (kind != FieldKind.Nested)
                field.Write(writer, owner);
            else
                WriteNested(writer, field, owner);
        }

        writer.WriteVarint(0);
    }

    public void Read(WireReader reader, object owner)
    {
        int expected = 0;
        for (ulong tag = reader.ReadVarint(); tag != 0; tag = reader.ReadVarint())
        {
            var kind = (FieldKind)(tag & 3);
            MemberField? field = Find((tag >> 2) - 1, ref expected);
            if (field is null || field.Kind != kind)
            {
                reader.Skip(kind);
                continue;
            }

            if (kind == FieldKind.Nested)
                reader.ReadInt32();
            field.Read(reader, owner);
        }
    }

    private static void WriteNested(WireWriter writer, MemberField field, object owner)
    {
        int start = writer.Position;
        writer.WriteInt32(0);
        field.Write(writer, owner);
        writer.PatchInt32(start, writer.Position - start - sizeof(int));
    }

    // Members come in the order of their numbers, so the next one is nearly always the right one.
    private MemberField? Find(ulong id, ref int expected)
    {
        while (expected < _members.Length && _members[expected].Id < id)
            expected++;
        return expected < _members.Length && _members[expected].Id == id ? _members[expected++].Field : null;
    }
}
