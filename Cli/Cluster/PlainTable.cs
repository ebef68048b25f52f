using System.Globalization;
using System.Text;

namespace OrleansLM.Cli.Cluster;

/// <summary>Columns of text, two spaces apart: no line is broken, whatever the width of the terminal, and a pipe gets the same as a person. Numbers go to the right.</summary>
internal sealed class PlainTable(params string[] headings)
{
    private const string Gap = "  ";

    private readonly List<string[]> _rows = [[.. headings.Select(heading => heading.ToUpperInvariant())]];

    public PlainTable Row(params string[] cells)
    {
        _rows.Add(cells);
        return this;
    }

    public override string ToString()
    {
        var widths = Enumerable.Range(0, headings.Length).Select(column => _rows.Max(row => row[column].Length)).ToArray();
        var isNumeric = Enumerable.Range(0, headings.Length).Select(column => _rows.Skip(1).All(row => row[column].Length == 0 || IsNumber(row[column]))).ToArray();
        var text = new StringBuilder();
        foreach (var row in _rows)
        {
            var line = string.Join(Gap, row.Select((cell, column) => isNumeric[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column])));
            text.AppendLine(line.TrimEnd());
        }

        return text.ToString();
    }

    /// <summary>A number, perhaps with a unit: <c>12</c>, <c>75%</c>, <c>3.00 MiB</c>.</summary>
    private static bool IsNumber(string cell) => double.TryParse(cell.Split(' ')[0].TrimEnd('%'), NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
