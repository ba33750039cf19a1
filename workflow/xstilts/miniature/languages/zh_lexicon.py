"""The lexicon of Chinese. Words are separated by spaces for tagging; nouns have measure words."""

from xstilts.miniature.events import MONTHS, WEEKDAYS, YEARS
from xstilts.miniature.languages.base import Tagger, series, table

tagged = Tagger("""
ADP: 在 从 被
DET: 那
PRON: 她 他 有人 谁 什么 哪里 那里
ADV: 然后 没有 不 但是
AUX: 了 是
PART: 的 吗
CCONJ: 而
SCONJ: 因为
NUM: 一 两 三 四
PUNCT: ， 。 ？
""")

NAMES = table("""
anna: 安娜
maria: 玛丽亚
elena: 埃琳娜
sofia: 索菲亚
laura: 劳拉
clara: 克拉拉·韦伯
nina: 尼娜
emma: 艾玛
leyla: 莱拉·德米尔
priya: 普丽娅·夏尔马
mei: 李梅
vera: 薇拉
boris: 鲍里斯
peter: 彼得
ivan: 伊万
david: 大卫
martin: 马丁·韦伯
oscar: 奥斯卡
daniel: 丹尼尔
thomas: 托马斯
emre: 埃姆雷
ravi: 拉维
wei: 李伟
karl: 卡尔
""")

CITIES = table("""
rome: 罗马
paris: 巴黎
madrid: 马德里
berlin: 柏林
moscow: 莫斯科
london: 伦敦
istanbul: 伊斯坦布尔
delhi: 德里
beijing: 北京
cairo: 开罗
new_york: 纽约
cape_town: 开普敦
""")

SITES = table("""
market: 市场
park: 公园
station: 车站
library: 图书馆
museum: 博物馆
""")

ORGANISATIONS = table("""
uni_rome: [罗马 大学]
uni_berlin: [柏林 大学]
uni_delhi: [德里 大学]
uni_cairo: [开罗 大学]
orion: [奥里安] 公司
atlas: [阿特拉斯] 公司
sonata: [索纳塔] 公司
globus: [格洛布斯] 公司
""")

TIMES = (
    series(WEEKDAYS, "星期一 星期二 星期三 星期四 星期五 星期六 星期日")
    | series(MONTHS, "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月")
    | {year: f"{year} 年" for year in YEARS}
)

NOUNS = table("""
book: 本 | 书
letter: 封 | 信
newspaper: 份 | 报纸
poem: 首 | 诗
car: 辆 | 汽车
bicycle: 辆 | 自行车
boat: 艘 | 船
bus: 辆 | 公共汽车
house: 栋 | 房子
bridge: 座 | 桥
tower: 座 | 塔
hotel: 家 | 酒店
lamp: 盏 | 灯
clock: 个 | 闹钟
bag: 个 | 包
camera: 台 | 相机
door: 扇 | 门
window: 扇 | 窗户
box: 个 | 盒子
suitcase: 个 | 行李箱
apple: 个 | 苹果
cake: 个 | 蛋糕
fish: 条 | 鱼
pizza: 个 | 披萨
""")

ADJECTIVES = table("""
old: 旧
new: 新
big: 大
small: 小
expensive: 贵
cheap: 便宜
red: 红色
blue: 蓝色
green: 绿色
white: 白色
""")

VERBS = table("""
read: 读
write: 写
buy: 买
sell: 卖
find: 找到
lose: 丢
build: 建造
destroy: 毁坏
open: 打开
close: 关上
repair: 修好
damage: 弄坏
eat: 吃
steal: 偷
visit: 拜访
follow: 跟随
help: 帮助
see: 看见
hug: 拥抱
praise: 表扬
criticise: 批评
rescue: 救
give: 给
get: 得到
travel: 去
fly: 飞到
go: 去
work: 工作
live: 住
study: 学习
laugh: 笑
cry: 哭
sing: 唱歌
dance: 跳舞
""")
