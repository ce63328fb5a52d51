namespace SplitInfer.Policies.Streams;

/// <summary>
/// max c·x subject to A·x ≤ b and x ≥ 0, where b ≥ 0, by the simplex method on a dense tableau: made for a few rows and hundreds of columns. It is exact up to
/// rounding and deterministic, and a solution has at most as many positive x as there are rows. Solving allocates nothing. Not thread-safe.
/// </summary>
/// <param name="maxRows">The most rows.</param>
/// <param name="maxColumns">The most columns.</param>
internal sealed class LinearProgramme(int maxRows, int maxColumns)
{
    /// <summary>What counts as 0, relative to the largest gain and to elements of about 1.</summary>
    private const double Rounding = 1e-10;

    /// <summary>Pivots after which the first improving column is taken in place of the best one, which cannot cycle (Bland).</summary>
    private const int GreedyPivots = 64;

    private const int MaxPivots = 10_000;

    private readonly double[] _cells = new double[maxRows * (maxColumns + maxRows + 1)];
    private readonly double[] _gains = new double[maxColumns + maxRows];
    private readonly double[] _reduced = new double[maxColumns + maxRows];
    private readonly int[] _basis = new int[maxRows];
    private int _rows;
    private int _columns;
    private int _stride;
    private int _closed;

    /// <summary>The number of columns, without slacks.</summary>
    public int Columns => _columns;

    /// <summary>Begins a programme in which everything is 0.</summary>
    public void Begin(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, maxRows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(columns, maxColumns);
        (_rows, _columns, _stride, _closed) = (rows, columns, columns + rows + 1, -1);
        Array.Clear(_cells, 0, rows * _stride);
        Array.Clear(_gains, 0, columns + rows);
        for (var row = 0; row < rows; row++)
        {
            _cells[(row * _stride) + columns + row] = 1;
            _basis[row] = columns + row;
        }
    }

    /// <summary>Sets an element of A; before solving.</summary>
    public void SetUse(int row, int column, double value) => _cells[(row * _stride) + column] = value;

    /// <summary>Sets an element of b, at least 0; before solving.</summary>
    public void SetLimit(int row, double value) => _cells[(row * _stride) + _stride - 1] = value;

    /// <summary>Sets an element of c. May be done after solving as well: the next one goes on from there.</summary>
    public void SetGain(int column, double value) => _gains[column] = value;

    /// <summary>Keeps a row that is used up as it is from now on. False where the row is not used up.</summary>
    public bool Close(int row)
    {
        var slack = _columns + row;
        for (var i = 0; i < _rows; i++)
        {
            if (_basis[i] != slack) continue;
            if (_cells[(i * _stride) + _stride - 1] > Rounding * Math.Max(1, Norm(i))) return false;

            // A slack that is 0 leaves the basis for whatever may come in; its row then changes nothing.
            for (var j = 0; j < _columns; j++)
            {
                if (Math.Abs(_cells[(i * _stride) + j]) <= Rounding || IsBasic(j)) continue;
                Pivot(i, j);
                break;
            }
        }

        _closed = slack;
        return true;
    }

    /// <summary>Finds the best x.</summary>
    /// <returns>False where there is no best one, because some column uses nothing.</returns>
    public bool Solve()
    {
        var scale = 0.0;
        for (var j = 0; j < _columns; j++) scale = Math.Max(scale, Math.Abs(_gains[j]));
        for (var pivots = 0; pivots < MaxPivots; pivots++)
        {
            Reprice();
            var column = Entering(Rounding * scale, pivots >= GreedyPivots);
            if (column < 0) return true;
            var row = Leaving(column);
            if (row < 0) return false;
            Pivot(row, column);
        }

        return true;
    }

    /// <summary>The best x of a column.</summary>
    public double Value(int column)
    {
        for (var row = 0; row < _rows; row++)
            if (_basis[row] == column) return Math.Max(0, _cells[(row * _stride) + _stride - 1]);
        return 0;
    }

    /// <summary>What one more of a row's limit would gain.</summary>
    public double Price(int row) => -_reduced[_columns + row];

    /// <summary>What one of a column gains beyond what it uses of the rows is worth; at most 0 at the best x, but for rounding.</summary>
    public double Reduced(int column) => _reduced[column];

    private void Reprice()
    {
        var columns = _columns + _rows;
        Array.Copy(_gains, _reduced, columns);
        for (var row = 0; row < _rows; row++)
        {
            var gain = _gains[_basis[row]];
            if (gain == 0) continue;
            var cells = _cells.AsSpan(row * _stride, columns);
            for (var j = 0; j < cells.Length; j++) _reduced[j] -= gain * cells[j];
        }
    }

    private int Entering(double least, bool takesFirst)
    {
        var best = -1;
        for (var j = 0; j < _columns + _rows; j++)
        {
            if (_reduced[j] <= least || j == _closed) continue;
            (best, least) = (j, _reduced[j]);
            if (takesFirst) break;
        }

        return best;
    }

    // The row that limits a column the most; of equals the one whose column comes first.
    private int Leaving(int column)
    {
        var (best, least) = (-1, double.PositiveInfinity);
        for (var row = 0; row < _rows; row++)
        {
            var cell = _cells[(row * _stride) + column];
            if (cell <= Rounding * Norm(row)) continue;
            var ratio = _cells[(row * _stride) + _stride - 1] / cell;
            if (ratio < least || (ratio == least && _basis[row] < _basis[best])) (best, least) = (row, ratio);
        }

        return best;
    }

    private void Pivot(int row, int column)
    {
        var own = _cells.AsSpan(row * _stride, _stride);
        var factor = 1 / own[column];
        for (var j = 0; j < own.Length; j++) own[j] *= factor;
        own[column] = 1;
        for (var other = 0; other < _rows; other++)
        {
            if (other == row) continue;
            var cells = _cells.AsSpan(other * _stride, _stride);
            var share = cells[column];
            if (share == 0) continue;
            for (var j = 0; j < cells.Length; j++) cells[j] -= share * own[j];
            cells[column] = 0;
        }

        _basis[row] = column;
    }

    private double Norm(int row)
    {
        var most = 0.0;
        foreach (var cell in _cells.AsSpan(row * _stride, _columns)) most = Math.Max(most, Math.Abs(cell));
        return most;
    }

    private bool IsBasic(int column) => Array.IndexOf(_basis, column, 0, _rows) >= 0;
}
